using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>What the server says about calls, under <see cref="Category"/>.</summary>
internal static partial class Log
{
    public const string Category = "Grpc.AspNetCore.Server.ServerCallHandler";

    [LoggerMessage(1, LogLevel.Information, "Request content-type of '{ContentType}' is not supported.")]
    public static partial void UnsupportedContentType(ILogger logger, string? contentType);

    [LoggerMessage(2, LogLevel.Information, "Request protocol of '{Protocol}' is not supported.")]
    public static partial void UnsupportedProtocol(ILogger logger, string protocol);

    [LoggerMessage(3, LogLevel.Error, "Error when executing service method '{Method}'.")]
    public static partial void MethodFailed(ILogger logger, string method, Exception exception);

    [LoggerMessage(4, LogLevel.Information, "Service method '{Method}' canceled.")]
    public static partial void MethodCancelled(ILogger logger, string method, Exception exception);

    [LoggerMessage(5, LogLevel.Information, "Error status code '{Code}' with detail '{Detail}' raised.")]
    public static partial void StatusRaised(ILogger logger, StatusCode code, string detail, Exception? exception);

    [LoggerMessage(6, LogLevel.Debug, "Request with timeout of {Timeout} has exceeded its deadline.")]
    public static partial void DeadlineExceeded(ILogger logger, TimeSpan timeout);

    [LoggerMessage(7, LogLevel.Error, "Error occurred while ending a call whose deadline passed.")]
    public static partial void DeadlineEndFailed(ILogger logger, Exception exception);

    [LoggerMessage(8, LogLevel.Debug, "Invalid grpc-timeout header value '{Timeout}' has been ignored.")]
    public static partial void InvalidTimeout(ILogger logger, string timeout);

    [LoggerMessage(9, LogLevel.Information, "'{Path}' is unimplemented.")]
    public static partial void Unimplemented(ILogger logger, string? path);
}

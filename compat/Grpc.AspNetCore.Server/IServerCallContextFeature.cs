using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>Found among an HTTP request's features while a gRPC call is handled.</summary>
public interface IServerCallContextFeature
{
    /// <summary>The call's context.</summary>
    ServerCallContext ServerCallContext { get; }
}

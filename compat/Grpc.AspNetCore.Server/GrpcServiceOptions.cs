using System.IO.Compression;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server;

/// <summary>How calls are handled, for all services.</summary>
public class GrpcServiceOptions
{
    private IList<ICompressionProvider>? _compressionProviders;
    private int? _maxSendMessageSize;
    private int? _maxReceiveMessageSize;
    private bool _maxSendSpecified;
    private bool _maxReceiveSpecified;

    /// <summary>The longest message to send, in bytes; null, the default, for any.</summary>
    public int? MaxSendMessageSize
    {
        get => _maxSendMessageSize;
        set => (_maxSendMessageSize, _maxSendSpecified) = (value, true);
    }

    /// <summary>Whether <see cref="MaxSendMessageSize"/> has been set; setting false takes the value back.</summary>
    public bool MaxSendMessageSizeSpecified
    {
        get => _maxSendSpecified;
        set
        {
            _maxSendSpecified = value;
            if (!value) _maxSendMessageSize = null;
        }
    }

    /// <summary>The longest message to receive, in bytes, compressed or not; null for any. 4 MiB unless set.</summary>
    public int? MaxReceiveMessageSize
    {
        get => _maxReceiveMessageSize;
        set => (_maxReceiveMessageSize, _maxReceiveSpecified) = (value, true);
    }

    /// <summary>Whether <see cref="MaxReceiveMessageSize"/> has been set; setting false takes the value back.</summary>
    public bool MaxReceiveMessageSizeSpecified
    {
        get => _maxReceiveSpecified;
        set
        {
            _maxReceiveSpecified = value;
            if (!value) _maxReceiveMessageSize = null;
        }
    }

    /// <summary>Whether clients get to see the texts of unexpected exceptions.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary>The encoding for responses, used when the client accepts it.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    /// <summary>How hard to compress responses; null for the provider's own level.</summary>
    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>The encodings known; gzip and deflate unless some are added.</summary>
    public IList<ICompressionProvider> CompressionProviders
    {
        get => _compressionProviders ??= [];
        set => _compressionProviders = value;
    }

    /// <summary>Whether calls to services and methods that no one mapped are left to other endpoints instead of answered.</summary>
    public bool? IgnoreUnknownServices { get; set; }

    /// <summary>Steps around every call; the first is outermost.</summary>
    public InterceptorCollection Interceptors { get; } = [];

    internal bool HasCompressionProviders => _compressionProviders is { Count: > 0 };

    /// <summary>Sets the limit without marking it as chosen by the user.</summary>
    internal void DefaultMaxReceive(int? bytes) => _maxReceiveMessageSize = bytes;

    /// <summary>Takes over everything but the interceptors, which are kept apart to run in order.</summary>
    internal void CopyFrom(GrpcServiceOptions other)
    {
        _maxSendMessageSize = other._maxSendMessageSize;
        _maxSendSpecified = other._maxSendSpecified;
        _maxReceiveMessageSize = other._maxReceiveMessageSize;
        _maxReceiveSpecified = other._maxReceiveSpecified;
        EnableDetailedErrors = other.EnableDetailedErrors;
        ResponseCompressionAlgorithm = other.ResponseCompressionAlgorithm;
        ResponseCompressionLevel = other.ResponseCompressionLevel;
        _compressionProviders = other._compressionProviders;
        IgnoreUnknownServices = other.IgnoreUnknownServices;
    }
}

/// <summary>How calls of one service are handled. Starts as a copy of the options for all.</summary>
public class GrpcServiceOptions<TService> : GrpcServiceOptions
    where TService : class
{
}

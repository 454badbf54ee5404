using System.Net;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.Net.Client;

/// <summary>How a channel connects and what its calls may do.</summary>
public sealed class GrpcChannelOptions
{
    /// <summary>4 MiB to receive, any size to send.</summary>
    public GrpcChannelOptions()
    {
    }

    /// <summary>How to secure the channel; by the address's scheme if null.</summary>
    public ChannelCredentials? Credentials { get; set; }

    /// <summary>The longest message to send, in bytes; null for any.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>The longest message to receive, in bytes; null for any.</summary>
    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>The encodings known; null for gzip and deflate.</summary>
    public IList<ICompressionProvider>? CompressionProviders { get; set; }

    /// <summary>A client to send with, instead of <see cref="HttpHandler"/>.</summary>
    public HttpClient? HttpClient { get; set; }

    /// <summary>A handler to send with; null for one of the channel's own.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether the channel disposes of what it was given to send with.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Whether a cancelled call throws <see cref="OperationCanceledException"/> instead of <see cref="RpcException"/>.</summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }

    /// <summary>Whether call credentials are sent in plain text.</summary>
    public bool UnsafeUseInsecureChannelCallCredentials { get; set; }

    /// <summary>The HTTP version of requests; 2 if null.</summary>
    public Version? HttpVersion { get; set; }

    /// <summary>How strictly <see cref="HttpVersion"/> is meant; exactly if null.</summary>
    public HttpVersionPolicy? HttpVersionPolicy { get; set; }
}

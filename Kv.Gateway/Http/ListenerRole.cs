namespace Kv.Gateway.Http;

/// <summary>What a listener serves.</summary>
internal enum ListenerRole
{
    /// <summary>gRPC over HTTP/2, pages over HTTP/1.1 and HTTP/2.</summary>
    All,

    /// <summary>gRPC only: <c>--listen-client-urls</c> beside <c>--listen-client-http-urls</c>.</summary>
    Grpc,

    /// <summary>Pages only, over HTTP/1.1 as Go serves plain text: <c>--listen-client-http-urls</c>.</summary>
    Http,

    /// <summary>Metrics and health only, over HTTP/1.1: <c>--listen-metrics-urls</c>.</summary>
    Metrics,
}

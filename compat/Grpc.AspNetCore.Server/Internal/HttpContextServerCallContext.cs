using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>A call on the server: one object for each, with everything that is seldom asked for made on demand.</summary>
internal sealed partial class HttpContextServerCallContext : ServerCallContext, IServerCallContextFeature
{
    private Metadata? _requestHeaders;
    private Metadata? _responseTrailers;
    private Status _status = Status.DefaultSuccess;
    private AuthContext? _authContext;
    private string? _responseEncoding;

    public HttpContextServerCallContext(HttpContext httpContext, MethodOptions options, ILogger logger)
    {
        HttpContext = httpContext;
        Options = options;
        Logger = logger;

        var timeout = httpContext.Request.Headers["grpc-timeout"];
        if (timeout.Count > 0) SetTimeout(timeout.ToString());

        if (options.ResponseEncoding is { } encoding && ClientAccepts(encoding))
        {
            _responseEncoding = encoding;
            httpContext.Response.Headers.GrpcEncoding = encoding;
        }
    }

    public HttpContext HttpContext { get; }

    public MethodOptions Options { get; }

    public ILogger Logger { get; }

    ServerCallContext IServerCallContextFeature.ServerCallContext => this;

    protected override string MethodCore => HttpContext.Request.Path.Value!;

    protected override string HostCore => HttpContext.Request.Host.Value!;

    protected override string PeerCore
    {
        get
        {
            var connection = HttpContext.Connection;
            return connection.RemoteIpAddress switch
            {
                null => "unknown",
                { AddressFamily: AddressFamily.InterNetwork } ip => $"ipv4:{ip}:{connection.RemotePort}",
                { AddressFamily: AddressFamily.InterNetworkV6 } ip => $"ipv6:[{ip}]:{connection.RemotePort}",
                var ip => $"unknown:{ip}:{connection.RemotePort}",
            };
        }
    }

    protected override Metadata RequestHeadersCore => _requestHeaders ??= ReadRequestHeaders();

    protected override Metadata ResponseTrailersCore => _responseTrailers ??= [];

    protected override Status StatusCore
    {
        get => _status;
        set => _status = value;
    }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => _authContext ??= Certificates.Describe(HttpContext.Connection.ClientCertificate);

    protected override IDictionary<object, object> UserStateCore => HttpContext.Items!;

    /// <summary>How to compress the next message; null for not at all.</summary>
    public ICompressionProvider? CompressionForWrite()
        => _responseEncoding is null || (WriteOptionsCore is { } options && (options.Flags & WriteFlags.NoCompress) != 0)
            ? null
            : Options.Providers.GetValueOrDefault(_responseEncoding);

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options)
        => throw new NotImplementedException("CreatePropagationToken will be implemented in a future version.");

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        var response = HttpContext.Response;
        lock (this)
        {
            if (response.HasStarted) throw new InvalidOperationException("Response headers can only be sent once per call.");
            if (IsEnded) throw new InvalidOperationException("Can't write headers because the request is complete.");
            foreach (var entry in responseHeaders)
            {
                if (entry.Key == GrpcProtocol.EncodingRequestHeader)
                {
                    _responseEncoding = entry.Value;
                    response.Headers.GrpcEncoding = entry.Value;
                }
                else
                {
                    AppendTo(response.Headers, entry);
                }
            }
        }

        await response.BodyWriter.FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Puts status and trailers where they belong, which ends the call once its handler returns.</summary>
    public void WriteTrailers()
    {
        var destination = GrpcProtocol.TrailersOf(HttpContext.Response);
        if (_responseTrailers is { } trailers)
        {
            foreach (var entry in trailers) AppendTo(destination, entry);
        }

        GrpcProtocol.SetStatus(destination, _status);
    }

    /// <summary>Turns an exception of a method, or of reading its request, into the status to end with.</summary>
    public void SetFailure(Exception exception)
    {
        if (exception is RpcException rpc)
        {
            Log.StatusRaised(Logger, rpc.StatusCode, rpc.Status.Detail, rpc.Status.DebugException);
            foreach (var entry in rpc.Trailers) ResponseTrailersCore.Add(entry);
            _status = rpc.Status;
            return;
        }

        if (exception is OperationCanceledException or IOException && CancellationTokenCore.IsCancellationRequested) Log.MethodCancelled(Logger, MethodCore, exception);
        else Log.MethodFailed(Logger, MethodCore, exception);
        const string Text = "Exception was thrown by handler.";
        _status = new Status(StatusCode.Unknown, Options.DetailedErrors ? Text + " " + Describe(exception) : Text, exception);
    }

    private static string Describe(Exception exception)
    {
        var text = $"{exception.GetType().Name}: {exception.Message}";
        return exception.InnerException is { } inner ? text + " " + Describe(inner) : text;
    }

    private static void AppendTo(IHeaderDictionary destination, Metadata.Entry entry)
    {
        try
        {
            destination.Append(entry.Key, entry.WireValue);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException($"Error adding response header '{entry.Key}'.", e);
        }
    }

    private Metadata ReadRequestHeaders()
    {
        var metadata = new Metadata();
        foreach (var (key, values) in HttpContext.Request.Headers)
        {
            if (GrpcProtocol.IsTransportHeader(key)) continue;
            if (!key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase))
            {
                metadata.Add(key, values.ToString());
                continue;
            }

            metadata.Add(key, GrpcProtocol.ReadBinary(values.ToString()));
        }

        return metadata;
    }

    private bool ClientAccepts(string encoding)
    {
        var accepted = HttpContext.Request.Headers.GrpcAcceptEncoding.ToString().AsSpan();
        foreach (var part in accepted.Split(','))
        {
            if (accepted[part].Trim().SequenceEqual(encoding)) return true;
        }

        return false;
    }
}

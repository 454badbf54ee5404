using System.Net;
using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Client.Internal;
using Grpc.Net.Compression;

namespace Grpc.Net.Client;

/// <summary>Connections to one server over HTTP/2, made when the first call needs one. <c>http</c> addresses are spoken to in plain HTTP/2.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly HashSet<IDisposable> _calls = [];
    private readonly bool _ownsInvoker;
    private bool _disposed;

    private GrpcChannel(Uri address, GrpcChannelOptions options)
        : base(address.Authority)
    {
        if (options.HttpClient is not null && options.HttpHandler is not null)
        {
            throw new ArgumentException($"{nameof(GrpcChannelOptions.HttpClient)} and {nameof(GrpcChannelOptions.HttpHandler)} have been configured. Only one HTTP caller can be specified.");
        }

        var credentials = new CredentialsReader();
        options.Credentials?.InternalPopulateConfiguration(credentials, this);
        if (credentials.IsSecure is { } secure && secure != (address.Scheme == Uri.UriSchemeHttps))
        {
            throw new InvalidOperationException($"Channel is configured with {(secure ? "secure" : "insecure")} channel credentials and can't use a channel with the scheme '{address.Scheme}'.");
        }

        Address = address;
        CallCredentials = credentials.Calls;
        MaxSendBytes = options.MaxSendMessageSize ?? int.MaxValue;
        MaxReceiveBytes = options.MaxReceiveMessageSize ?? int.MaxValue;
        ThrowsOperationCanceled = options.ThrowOperationCanceledOnCancellation;
        SendsCallCredentials = address.Scheme == Uri.UriSchemeHttps || options.UnsafeUseInsecureChannelCallCredentials;
        Version = options.HttpVersion ?? HttpVersion.Version20;
        VersionPolicy = options.HttpVersionPolicy ?? HttpVersionPolicy.RequestVersionExact;
        foreach (var provider in options.CompressionProviders ?? [new GzipCompressionProvider(CompressionLevel.Fastest), new DeflateCompressionProvider(CompressionLevel.Fastest)])
        {
            Compression[provider.EncodingName] = provider;
        }

        AcceptEncoding = string.Join(',', Compression.Keys.Prepend("identity"));
        _ownsInvoker = options.DisposeHttpClient || (options.HttpClient is null && options.HttpHandler is null);
        Invoker = options.HttpClient ?? new HttpMessageInvoker(options.HttpHandler ?? new SocketsHttpHandler { EnableMultipleHttp2Connections = true }, _ownsInvoker);
    }

    internal Uri Address { get; }

    internal HttpMessageInvoker Invoker { get; }

    internal IReadOnlyList<CallCredentials> CallCredentials { get; }

    internal Dictionary<string, ICompressionProvider> Compression { get; } = new(StringComparer.Ordinal);

    internal string AcceptEncoding { get; }

    internal int MaxSendBytes { get; }

    internal int MaxReceiveBytes { get; }

    internal bool ThrowsOperationCanceled { get; }

    internal bool SendsCallCredentials { get; }

    internal Version Version { get; }

    internal HttpVersionPolicy VersionPolicy { get; }

    /// <summary>A channel to an address such as <c>http://127.0.0.1:2379</c>.</summary>
    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>A channel with options.</summary>
    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) => ForAddress(new Uri(address), channelOptions);

    /// <summary>A channel to an address.</summary>
    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>A channel to an address, with options.</summary>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        return new GrpcChannel(address, channelOptions);
    }

    /// <inheritdoc/>
    public override CallInvoker CreateCallInvoker()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new HttpCallInvoker(this);
    }

    /// <summary>Cancels the calls under way and closes the connections.</summary>
    public void Dispose()
    {
        IDisposable[] calls;
        lock (_calls)
        {
            if (_disposed) return;
            _disposed = true;
            calls = [.. _calls];
        }

        foreach (var call in calls) call.Dispose();
        if (_ownsInvoker) Invoker.Dispose();
    }

    internal void Began(IDisposable call)
    {
        lock (_calls)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _calls.Add(call);
        }
    }

    internal void Ended(IDisposable call)
    {
        lock (_calls) _calls.Remove(call);
    }

    /// <inheritdoc/>
    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }
}

using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Finds out what a channel's or a call's credentials consist of.</summary>
internal sealed class CredentialsReader : ChannelCredentialsConfiguratorBase
{
    private readonly List<CallCredentials> _calls = [];

    /// <summary>Null while nothing was said.</summary>
    public bool? IsSecure { get; private set; }

    public IReadOnlyList<CallCredentials> Calls => _calls;

    public override void SetInsecureCredentials(object state) => IsSecure = false;

    public override void SetSslCredentials(object state, string? rootCertificates, KeyCertificatePair? keyCertificatePair, VerifyPeerCallback? verifyPeerCallback)
    {
        if (rootCertificates is not null || keyCertificatePair is not null || verifyPeerCallback is not null)
        {
            throw new InvalidOperationException($"{nameof(SslCredentials)} with non-null arguments is not supported by {nameof(GrpcChannel)}. {nameof(GrpcChannel)} uses HttpClient to make gRPC calls and HttpClient automatically loads root certificates from the operating system certificate store. Client certificates should be configured on HttpClient. See https://aka.ms/aspnet/grpc/certauth for details.");
        }

        IsSecure = true;
    }

    public override void SetCompositeCredentials(object state, ChannelCredentials channelCredentials, CallCredentials callCredentials)
    {
        channelCredentials.InternalPopulateConfiguration(this, state);
        _calls.Add(callCredentials);
    }

    /// <summary>Asks <paramref name="credentials"/>, and those they are composed of, for a call's metadata.</summary>
    public static async Task AddAsync(CallCredentials credentials, AuthInterceptorContext context, Metadata metadata)
    {
        var reader = new CallReader();
        credentials.InternalPopulateConfiguration(reader, null);
        foreach (var interceptor in reader.Interceptors) await interceptor(context, metadata).ConfigureAwait(false);
    }

    private sealed class CallReader : CallCredentialsConfiguratorBase
    {
        public List<AsyncAuthInterceptor> Interceptors { get; } = [];

        public override void SetAsyncAuthInterceptorCredentials(object? state, AsyncAuthInterceptor interceptor) => Interceptors.Add(interceptor);

        public override void SetCompositeCredentials(object? state, IReadOnlyList<CallCredentials> credentials)
        {
            foreach (var each in credentials) each.InternalPopulateConfiguration(this, state);
        }
    }
}

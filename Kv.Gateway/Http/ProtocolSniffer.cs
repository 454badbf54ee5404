using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Kv.Gateway.Http;

/// <summary>Serves HTTP/2 with prior knowledge and HTTP/1.1 on one plain-text port, as etcd does.</summary>
/// <remarks>
/// Kestrel chooses between the two by TLS's protocol negotiation only. This looks at a connection's first bytes, leaves them
/// where they are, and states the choice in the features that negotiation would have set (RFC 9113, section 3.4: the client's
/// preface). A connection that says nothing for <see cref="Patience"/> is dropped, and when the process is to stop, at once.
/// </remarks>
internal static class ProtocolSniffer
{
    /// <summary>How long a connection may stay silent before its first bytes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>The middleware.</summary>
    /// <param name="next">What serves the connection.</param>
    /// <param name="pingMinTime">How often clients may ping: see <see cref="PingStrikes"/>.</param>
    /// <param name="clock">For both waits.</param>
    public static ConnectionDelegate Use(ConnectionDelegate next, TimeSpan pingMinTime, TimeProvider clock) => async connection =>
    {
        bool isHttp2;
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using (var patience = new CancellationTokenSource(Patience, clock))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping))
        {
            try
            {
                isHttp2 = await StartsWithPrefaceAsync(connection, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;                                        // nothing was asked, so there is nothing to wait for
            }
            catch (OperationCanceledException)
            {
                connection.Abort(new ConnectionAbortedException($"nothing was sent for {Patience.TotalSeconds:0} s"));
                return;
            }
            catch (IOException)
            {
                return;                                        // gone before it said anything: nobody is left to tell
            }
        }
        if (isHttp2)
        {
            connection.Features.Set<ITlsConnectionFeature>(Negotiated.Http2);
            connection.Features.Set<ITlsApplicationProtocolFeature>(Negotiated.Http2);
            connection.Transport = new PingGuard(new AuthorityRepair(connection.Transport.Input), connection.Transport.Output, pingMinTime, clock);
        }
        await next(connection).ConfigureAwait(false);
    };

    private static async ValueTask<bool> StartsWithPrefaceAsync(ConnectionContext connection, CancellationToken cancel)
    {
        while (true)
        {
            var read = await connection.Transport.Input.ReadAsync(cancel).ConfigureAwait(false);
            var verdict = Compare(read.Buffer);
            if (verdict is not null || read.IsCompleted)
            {
                connection.Transport.Input.AdvanceTo(read.Buffer.Start);
                return verdict == true;
            }
            connection.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Null while there are too few bytes to tell.</summary>
    private static bool? Compare(ReadOnlySequence<byte> buffer)
    {
        Span<byte> first = stackalloc byte[24];
        var length = (int)Math.Min(buffer.Length, Preface.Length);
        buffer.Slice(0, length).CopyTo(first);
        if (!first[..length].SequenceEqual(Preface[..length]))
        {
            return false;
        }
        return length == Preface.Length ? true : null;
    }

    private sealed class Negotiated : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public static readonly Negotiated Http2 = new();
        private static readonly byte[] Protocol = "h2"u8.ToArray();

        public ReadOnlyMemory<byte> ApplicationProtocol => Protocol;

        public X509Certificate2? ClientCertificate
        {
            get => null;
            set => throw new InvalidOperationException("A plain-text connection has no client certificate.");
        }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult<X509Certificate2?>(null);
    }
}

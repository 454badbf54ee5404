using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;

namespace Akka.Remote.Wire;

/// <summary>Wraps connections in TLS 1.2, the version of the package. Without TLS set it hands streams back as they are.</summary>
internal sealed class Tls(DotNettySslSetup setup, ILoggingAdapter log)
{
    public async ValueTask<Stream> InboundAsync(NetworkStream plain, string from, CancellationToken token)
    {
        if (setup is null) return plain;
        var stream = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            var options = new SslServerAuthenticationOptions
            {
                ServerCertificate = setup.Certificate,
                ClientCertificateRequired = setup.RequireMutualAuthentication,
                EnabledSslProtocols = SslProtocols.Tls12,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                RemoteCertificateValidationCallback = !setup.RequireMutualAuthentication ? null : (_, certificate, chain, errors) => Accepts(certificate, chain, from, errors),
            };
            await stream.AuthenticateAsServerAsync(options, token).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask<Stream> OutboundAsync(NetworkStream plain, Address to, CancellationToken token)
    {
        if (setup is null) return plain;
        var stream = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = to.Host.Trim('[', ']'),
                EnabledSslProtocols = SslProtocols.Tls12,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                LocalCertificateSelectionCallback = !setup.RequireMutualAuthentication ? null : (_, _, _, _, _) => setup.Certificate,
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Accepts(certificate, chain, to.ToString(), errors),
            };
            await stream.AuthenticateAsClientAsync(options, token).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private bool Accepts(X509Certificate certificate, X509Chain chain, string peer, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            log.Warning("{0} showed no certificate", peer);
            return false;
        }

        var shown = certificate as X509Certificate2 ?? new X509Certificate2(certificate);
        if (setup.CustomValidator is { } validator) return validator(shown, chain, peer, errors, log);
        if (setup.SuppressValidation) errors &= ~SslPolicyErrors.RemoteCertificateChainErrors;
        if (!setup.ValidateCertificateHostname) errors &= ~SslPolicyErrors.RemoteCertificateNameMismatch;
        if (errors == SslPolicyErrors.None) return true;
        log.Error("Certificate [{0}] of {1} is refused: {2}", shown.Subject, peer, CertificateValidation.Describe(errors, chain));
        return false;
    }
}

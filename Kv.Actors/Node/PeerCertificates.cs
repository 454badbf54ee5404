using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;

namespace Kv.Actors.Node;

/// <summary>The certificates between members: this one's own, from PEM files, and the judgement on others', asked at each handshake.</summary>
/// <remarks>
/// Source: reference, TLS. The authority's file and the revocation list are read at each handshake, so that they may change at any time. Akka.Remote keeps the
/// own certificate for the life of its actor system, one for both directions: when those files change, the process starts its node anew (GatewayProcess).
/// </remarks>
internal sealed class PeerCertificates(PeerTlsSettings settings, TimeProvider clock)
{
    private const string CommonName = "2.5.4.3";

    /// <summary>What Akka.Remote is started with.</summary>
    /// <param name="dataDir">Where a certificate of our own making is kept.</param>
    /// <param name="host">The host it is good for.</param>
    /// <exception cref="InvalidDataException">The files are missing or are no certificate and key.</exception>
    public DotNettySslSetup Setup(string dataDir, string host)
    {
        var own = settings.IsEmpty ? OfOwnMaking(Path.Combine(dataDir, "fixtures", "peer"), host) : Load(settings.CertFile, settings.KeyFile);
        var any = settings.AutoTls && settings.IsEmpty;        // nobody could check what each made for itself
        return new DotNettySslSetup(own, any, settings.IsMutual, any ? TakeAny : Judge);
    }

    /// <summary>Reads a certificate and its key.</summary>
    /// <exception cref="InvalidDataException">The files are missing or are no such thing.</exception>
    public static X509Certificate2 Load(string certFile, string keyFile)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certFile, keyFile);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"cannot read the peer certificate {certFile} with its key {keyFile}: {wrong.Message}", wrong);
        }
    }

    private static bool TakeAny(X509Certificate2? certificate, X509Chain? chain, string peer, SslPolicyErrors errors, ILoggingAdapter log) => true;

    private bool Judge(X509Certificate2? certificate, X509Chain? shown, string peer, SslPolicyErrors errors, ILoggingAdapter log)
    {
        var wrong = certificate is null ? "it shows no certificate" : WhyNot(certificate, shown, peer, errors);
        if (wrong is null)
        {
            return true;
        }
        log.Warning("rejected connection on peer endpoint: {0}: {1}", peer, wrong);
        return false;
    }

    /// <summary>Null when a certificate will do, else why not.</summary>
    internal string? WhyNot(X509Certificate2 certificate, X509Chain? shown, string peer, SslPolicyErrors errors)
    {
        if (WhyNotTrusted(certificate, shown) is { } untrusted)
        {
            return untrusted;
        }
        if (settings.AllowedCommonNames.Length > 0 && !settings.AllowedCommonNames.Contains(CommonNameOf(certificate)))
        {
            return $"client certificate authentication failed: common name {CommonNameOf(certificate)} is not allowed";
        }
        if (settings.AllowedHostNames.Length > 0)
        {
            return settings.AllowedHostNames.Any(name => certificate.MatchesHostname(name, allowWildcards: true, allowCommonName: false))
                ? null
                : "client certificate authentication failed: it is good for none of the allowed host names";
        }
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            return "the certificate does not name the host that was connected to";
        }
        return settings.SkipClientSanVerification || !IPEndPoint.TryParse(peer, out var from) ? null : WhyNotFrom(certificate, from.Address);
    }

    /// <summary>An address in the certificate must be the one that the member connects from; names are the server's side to check.</summary>
    private static string? WhyNotFrom(X509Certificate2 certificate, IPAddress from)
    {
        var addresses = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(static names => names.EnumerateIPAddresses()).ToList();
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(static names => names.EnumerateDnsNames()).ToList();
        var address = from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from;
        return addresses.Count == 0 || names.Count > 0 || addresses.Contains(address) ? null : $"tls: \"{address}\" does not match any of IPs [{string.Join(' ', addresses)}]";
    }

    private string? WhyNotTrusted(X509Certificate2 certificate, X509Chain? shown)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = clock.GetUtcNow().UtcDateTime;
        if (settings.TrustedCaFile.Length > 0)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            try
            {
                chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(settings.TrustedCaFile);
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
            {
                return $"the authority's file {settings.TrustedCaFile} cannot be read: {unreadable.Message}";
            }
        }
        if (shown is not null)
        {
            foreach (var element in shown.ChainElements)
            {
                chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            }
        }
        return chain.Build(certificate)
            ? WhyRevoked(chain)
            : $"the certificate is not trusted: {string.Join("; ", chain.ChainStatus.Select(static status => status.StatusInformation.Trim()))}";
    }

    /// <summary>By serial number alone, wherever in the chain, as in etcd (reference, TLS).</summary>
    private string? WhyRevoked(X509Chain chain)
    {
        if (settings.CrlFile.Length == 0)
        {
            return null;
        }
        try
        {
            var bytes = File.ReadAllBytes(settings.CrlFile);
            var list = bytes.AsSpan().StartsWith("-----BEGIN"u8)
                ? CertificateRevocationListBuilder.LoadPem(System.Text.Encoding.ASCII.GetString(bytes), out _)
                : CertificateRevocationListBuilder.Load(bytes, out _);
            return chain.ChainElements.FirstOrDefault(element => list.RemoveEntry(element.Certificate.SerialNumberBytes.Span)) is { } revoked
                ? $"transport: certificate serial {revoked.Certificate.SerialNumber.ToLowerInvariant()} revoked"
                : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return $"the revocation list {settings.CrlFile} cannot be read: {unreadable.Message}";
        }
    }

    private static string CommonNameOf(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .FirstOrDefault(static part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)?.GetSingleElementValue() ?? "";

    /// <summary>As etcd makes it: P-521, good for a host and some years, kept in the data directory and used again.</summary>
    private X509Certificate2 OfOwnMaking(string folder, string host)
    {
        var (cert, key) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        if (File.Exists(cert) && File.Exists(key) && Load(cert, key) is var kept && kept.NotAfter > clock.GetUtcNow().LocalDateTime)
        {
            return kept;
        }
        using var secret = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        var request = new CertificateRequest("O=etcd", secret, HashAlgorithmName.SHA512);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        var now = clock.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddMinutes(-5), now.AddYears(settings.SelfSignedYears));
        Directory.CreateDirectory(folder);
        File.WriteAllText(cert, made.ExportCertificatePem());
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using (var file = new StreamWriter(key, options))
        {
            file.Write(secret.ExportPkcs8PrivateKeyPem());
        }
        return Load(cert, key);
    }
}

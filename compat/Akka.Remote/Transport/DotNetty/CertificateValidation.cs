using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Akka.Event;

namespace Akka.Remote.Transport.DotNetty;

/// <summary>Makes callbacks for common wishes. Each logs at ERROR why it says no.</summary>
public static class CertificateValidation
{
    /// <summary>The chain must be good; the name does not matter.</summary>
    public static CertificateValidationCallback ValidateChain(ILoggingAdapter log = null) => (certificate, chain, peer, errors, given) =>
    {
        var wrong = errors & ~SslPolicyErrors.RemoteCertificateNameMismatch;
        if (certificate is not null && wrong == SslPolicyErrors.None) return true;
        (log ?? given).Error("Certificate chain validation failed for {0}: {1}", peer, certificate is null ? "certificate is null" : Describe(wrong, chain));
        return false;
    };

    /// <summary>The name must be that of the host.</summary>
    public static CertificateValidationCallback ValidateHostname(string expectedHostname = null, ILoggingAdapter log = null) => (certificate, _, peer, errors, given) =>
    {
        if (certificate is not null && (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0) return true;
        (log ?? given).Error("Hostname validation failed for {0}: expected '{1}', certificate is {2}", peer, expectedHostname ?? peer, certificate?.GetNameInfo(X509NameType.DnsName, forIssuer: false) ?? "null");
        return false;
    };

    /// <summary>Only certificates with one of these thumbprints.</summary>
    public static CertificateValidationCallback PinnedCertificate(params string[] allowedThumbprints)
    {
        var allowed = new HashSet<string>((allowedThumbprints ?? []).Where(static t => !string.IsNullOrWhiteSpace(t)), StringComparer.OrdinalIgnoreCase);
        if (allowed.Count == 0) throw new ArgumentException("At least one valid (non-empty) thumbprint required");
        return (certificate, _, peer, _, log) =>
        {
            if (certificate is not null && allowed.Contains(certificate.Thumbprint)) return true;
            log.Error("Certificate pinning failed for {0}: thumbprint '{1}' not in allowed list", peer, certificate?.Thumbprint ?? "null");
            return false;
        };
    }

    /// <summary>The subject must match; <c>*</c> stands for anything.</summary>
    public static CertificateValidationCallback ValidateSubject(string expectedSubjectPattern, ILoggingAdapter log = null) =>
        NameMatches("Subject", static c => c.Subject, expectedSubjectPattern, log);

    /// <summary>The issuer must match; <c>*</c> stands for anything.</summary>
    public static CertificateValidationCallback ValidateIssuer(string expectedIssuerPattern, ILoggingAdapter log = null) =>
        NameMatches("Issuer", static c => c.Issuer, expectedIssuerPattern, log);

    private static CertificateValidationCallback NameMatches(string what, Func<X509Certificate2, string> nameOf, string pattern, ILoggingAdapter log)
    {
        if (string.IsNullOrWhiteSpace(pattern)) throw new ArgumentException($"{what} pattern required");
        var regex = "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$";
        return (certificate, _, peer, _, given) =>
        {
            if (certificate is not null && Regex.IsMatch(nameOf(certificate), regex)) return true;
            (log ?? given).Error("{0} validation failed for {1}: '{2}' does not match pattern '{3}'", what, peer, certificate is null ? "null" : nameOf(certificate), pattern);
            return false;
        };
    }

    /// <summary>All must say yes.</summary>
    public static CertificateValidationCallback Combine(params CertificateValidationCallback[] validators)
    {
        if (validators is null || validators.Length == 0) throw new ArgumentException("At least one validator required");
        return (certificate, chain, peer, errors, log) => Array.TrueForAll(validators, v => v(certificate, chain, peer, errors, log));
    }

    /// <summary>The chain must be good, and then the function say yes.</summary>
    public static CertificateValidationCallback ChainPlusThen(Func<X509Certificate2, X509Chain, string, bool> customCheck, ILoggingAdapter log = null)
    {
        if (customCheck is null) throw new ArgumentException("Custom check function required");
        var validChain = ValidateChain(log);
        return (certificate, chain, peer, errors, given) =>
        {
            if (!validChain(certificate, chain, peer, errors, given)) return false;
            if (customCheck(certificate, chain, peer)) return true;
            (log ?? given).Error("Custom certificate validation failed for {0}", peer);
            return false;
        };
    }

    internal static string Describe(SslPolicyErrors errors, X509Chain chain) =>
        chain is null || chain.ChainStatus.Length == 0 ? errors.ToString() : $"{errors} ({string.Join("; ", chain.ChainStatus.Select(static s => s.StatusInformation.Trim()))})";
}

using System.Collections.Immutable;

namespace Kv.Actors.Node;

/// <summary>How members prove to each other who they are: <c>kv.peer.tls</c>.</summary>
public sealed record PeerTlsSettings
{
    /// <summary>This member's certificate, PEM; empty without.</summary>
    public required string CertFile { get; init; }

    /// <summary>Its key, PEM.</summary>
    public required string KeyFile { get; init; }

    /// <summary>The authority that members' certificates must come from, PEM; empty is the system's.</summary>
    public required string TrustedCaFile { get; init; }

    /// <summary>A list of revoked certificates, PEM or DER; empty is none.</summary>
    public required string CrlFile { get; init; }

    /// <summary>A member that connects must show a certificate.</summary>
    public required bool ClientCertAuth { get; init; }

    /// <summary>Common names that a member's certificate may have; empty is any.</summary>
    public required ImmutableArray<string> AllowedCommonNames { get; init; }

    /// <summary>Host names of which a member's certificate must be good for one; empty is any.</summary>
    public required ImmutableArray<string> AllowedHostNames { get; init; }

    /// <summary>Makes its own certificate, and takes any.</summary>
    public required bool AutoTls { get; init; }

    /// <summary>Years for which a certificate of our own making is good.</summary>
    public required int SelfSignedYears { get; init; }

    /// <summary>Does not compare the addresses in a certificate with where its member connects from.</summary>
    public required bool SkipClientSanVerification { get; init; }

    /// <summary>Whoever connects must show a certificate: asked for, or an authority is named for it (reference, TLS).</summary>
    public bool IsMutual => ClientCertAuth || TrustedCaFile.Length > 0;

    /// <summary>Nothing was said about certificates.</summary>
    public bool IsEmpty => CertFile.Length == 0 && KeyFile.Length == 0;

    /// <summary>What keeps a member from listening on an https URL with these settings; null when nothing does. etcd's words.</summary>
    public string? WhyNotListen(string url)
    {
        if (AllowedCommonNames.Length > 0 && AllowedHostNames.Length > 0)
        {
            return $"AllowedCN and AllowedHostname are mutually exclusive (cns={string.Join(',', AllowedCommonNames)}, hostnames={string.Join(',', AllowedHostNames)})";
        }
        if (AutoTls && IsEmpty)
        {
            return SelfSignedYears > 0 ? null : "selfSignedCertValidity is invalid,it should be greater than 0";
        }
        if (IsEmpty)
        {
            return $"cannot listen on TLS for {url}: KeyFile and CertFile are not presented";
        }
        return CertFile.Length > 0 && KeyFile.Length > 0 ? null : $"KeyFile and CertFile must both be present[key: {KeyFile}, cert: {CertFile}]";
    }
}

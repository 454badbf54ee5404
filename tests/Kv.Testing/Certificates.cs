using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kv.Testing;

/// <summary>An authority and certificates of its making, as PEM files in a folder that goes with it.</summary>
public sealed class Certificates : IDisposable
{
    private readonly ECDsa _secret = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    /// <summary>Makes the authority.</summary>
    public Certificates()
    {
        var request = new CertificateRequest("CN=authority", _secret, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
    }

    /// <summary>Where the files are.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("kv-certs-").FullName;

    /// <summary>The authority's certificate.</summary>
    public string AuthorityFile => Path.Combine(Folder, "ca.pem");

    /// <summary>Makes a certificate for a common name, good for addresses and host names.</summary>
    public (string Cert, string Key) Make(string commonName, params string[] names)
    {
        using var secret = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", secret, HashAlgorithmName.SHA256);
        var alternative = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternative.AddIpAddress(address);
            }
            else
            {
                alternative.AddDnsName(name);
            }
        }
        request.CertificateExtensions.Add(alternative.Build());
        using var made = request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(10), RandomNumberGenerator.GetBytes(8));
        var (cert, key) = (Path.Combine(Folder, $"{commonName}.pem"), Path.Combine(Folder, $"{commonName}-key.pem"));
        File.WriteAllText(cert, made.ExportCertificatePem());
        File.WriteAllText(key, secret.ExportPkcs8PrivateKeyPem());
        return (cert, key);
    }

    /// <summary>Writes the authority's list of revoked certificates.</summary>
    public void Revoke(string file, bool pem, params X509Certificate2[] revoked)
    {
        var list = new CertificateRevocationListBuilder();
        Array.ForEach(revoked, one => list.AddEntry(one));
        var now = DateTimeOffset.UtcNow;
        var issuer = X509SignatureGenerator.CreateForECDsa(_secret);
        var key = X509AuthorityKeyIdentifierExtension.CreateFromIssuerNameAndSerialNumber(_authority.SubjectName, _authority.SerialNumberBytes.Span);
        var bytes = list.Build(_authority.SubjectName, issuer, 1, now.AddDays(1), HashAlgorithmName.SHA256, key, now.AddMinutes(-1));
        File.WriteAllBytes(file, pem ? System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", bytes)) : bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _authority.Dispose();
        _secret.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

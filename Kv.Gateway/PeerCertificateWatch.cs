using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kv.Gateway;

/// <summary>Notices when this member's certificate for other members has been renewed on disk.</summary>
/// <remarks>Akka.Remote keeps a certificate for the life of its actor system, so a new one takes a new node: the process stays.</remarks>
/// <param name="certFile">The certificate, PEM.</param>
/// <param name="keyFile">Its key, PEM.</param>
/// <param name="clock">When to look.</param>
internal sealed class PeerCertificateWatch(string certFile, string keyFile, TimeProvider clock)
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private string _thumbprint = Thumbprint(certFile, keyFile) ?? "";

    /// <summary>Ends when there is another certificate that fits its key; half-written files are not taken.</summary>
    public async Task RenewedAsync(CancellationToken stop)
    {
        while (!HasChanged())
        {
            await Task.Delay(Interval, clock, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Looks once; true when there is another certificate than at the last look that said so.</summary>
    public bool HasChanged()
    {
        if (Thumbprint(certFile, keyFile) is not { } now || now == _thumbprint)
        {
            return false;
        }
        _thumbprint = now;
        return true;
    }

    private static string? Thumbprint(string certFile, string keyFile)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPemFile(certFile, keyFile);
            return certificate.Thumbprint;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}

using Kv.Testing;
using Xunit;

namespace Kv.Gateway.Tests.Process;

public sealed class PeerCertificateWatchTests
{
    [Fact]
    public void A_certificate_is_renewed_once_it_fits_its_key()
    {
        using var certificates = new Certificates();
        var (cert, key) = certificates.Make("member", "127.0.0.1");
        var watch = new PeerCertificateWatch(cert, key, TimeProvider.System);
        Assert.False(watch.HasChanged());
        var (newCert, newKey) = certificates.Make("renewed", "127.0.0.1");
        File.Copy(newCert, cert, overwrite: true);
        Assert.False(watch.HasChanged());                          // of which the key is not there yet
        File.Copy(newKey, key, overwrite: true);
        Assert.True(watch.HasChanged());
        Assert.False(watch.HasChanged());
        File.WriteAllText(cert, "half");
        Assert.False(watch.HasChanged());
    }
}

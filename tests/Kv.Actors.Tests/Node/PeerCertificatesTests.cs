using System.Net.Security;
using Kv.Actors.Node;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Node;

public sealed class PeerCertificatesTests : IDisposable
{
    private readonly Certificates _known = new();
    private readonly Certificates _strangers = new();

    public void Dispose()
    {
        _known.Dispose();
        _strangers.Dispose();
    }

    [Fact]
    public void Only_the_authority_s_certificates_are_taken_and_its_file_may_change()
    {
        var ca = Path.Combine(_known.Folder, "current.pem");
        File.Copy(_known.AuthorityFile, ca);
        var settings = Settings() with { TrustedCaFile = ca };
        var certificates = new PeerCertificates(settings, TimeProvider.System);
        using var friend = Load(_known.Make("friend", "127.0.0.1"));
        using var stranger = Load(_strangers.Make("stranger", "127.0.0.1"));
        Assert.Null(certificates.WhyNot(friend, null, "127.0.0.1:5", SslPolicyErrors.None));
        Assert.StartsWith("the certificate is not trusted", certificates.WhyNot(stranger, null, "127.0.0.1:5", SslPolicyErrors.None), StringComparison.Ordinal);
        File.Copy(_strangers.AuthorityFile, ca, overwrite: true);
        Assert.NotNull(certificates.WhyNot(friend, null, "127.0.0.1:5", SslPolicyErrors.None));
        Assert.Null(certificates.WhyNot(stranger, null, "127.0.0.1:5", SslPolicyErrors.None));
        File.Delete(ca);
        Assert.Contains("cannot be read", certificates.WhyNot(stranger, null, "127.0.0.1:5", SslPolicyErrors.None), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_and_addresses_can_be_asked_for()
    {
        using var shown = Load(_known.Make("kv-1", "10.0.0.1"));
        using var named = Load(_known.Make("kv-2", "kv-2.example.test"));
        var any = Settings() with { TrustedCaFile = _known.AuthorityFile };
        Assert.Null(new PeerCertificates(any with { AllowedCommonNames = ["kv-1"] }, TimeProvider.System).WhyNot(shown, null, "", SslPolicyErrors.None));
        Assert.NotNull(new PeerCertificates(any with { AllowedCommonNames = ["kv-9"] }, TimeProvider.System).WhyNot(shown, null, "", SslPolicyErrors.None));
        Assert.Null(new PeerCertificates(any with { AllowedHostNames = ["kv-2.example.test"] }, TimeProvider.System).WhyNot(named, null, "", SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.NotNull(new PeerCertificates(any with { AllowedHostNames = ["kv-2.example.test"] }, TimeProvider.System).WhyNot(shown, null, "", SslPolicyErrors.None));
        Assert.NotNull(new PeerCertificates(any, TimeProvider.System).WhyNot(shown, null, "", SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.NotNull(new PeerCertificates(any, TimeProvider.System).WhyNot(shown, null, "10.0.0.2:77", SslPolicyErrors.None));
        Assert.Null(new PeerCertificates(any, TimeProvider.System).WhyNot(shown, null, "[::ffff:10.0.0.1]:77", SslPolicyErrors.None));
        Assert.Null(new PeerCertificates(any with { SkipClientSanVerification = true }, TimeProvider.System).WhyNot(shown, null, "10.0.0.2:77", SslPolicyErrors.None));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_is_in_the_revocation_list_is_not_taken_and_its_file_may_change(bool pem)
    {
        using var kept = Load(_known.Make("kept", "127.0.0.1"));
        using var lost = Load(_known.Make("lost", "127.0.0.1"));
        var file = Path.Combine(_known.Folder, "revoked.crl");
        var certificates = new PeerCertificates(Settings() with { TrustedCaFile = _known.AuthorityFile, CrlFile = file }, TimeProvider.System);
        Assert.Contains("cannot be read", WhyNot(kept), StringComparison.Ordinal);
        _known.Revoke(file, pem);
        Assert.Equal((null, null), (WhyNot(kept), WhyNot(lost)));
        _known.Revoke(file, pem, lost);
        Assert.Equal((null, $"transport: certificate serial {lost.SerialNumber.ToLowerInvariant()} revoked"), (WhyNot(kept), WhyNot(lost)));
        File.WriteAllText(file, "-----BEGIN no list");
        Assert.Contains("cannot be read", WhyNot(kept), StringComparison.Ordinal);

        string? WhyNot(System.Security.Cryptography.X509Certificates.X509Certificate2 shown) => certificates.WhyNot(shown, null, "127.0.0.1:5", SslPolicyErrors.None);
    }

    [Theory]
    [InlineData("", "", false, 1, "cannot listen on TLS for https://h:1: KeyFile and CertFile are not presented")]
    [InlineData("c.pem", "", false, 1, "KeyFile and CertFile must both be present[key: , cert: c.pem]")]
    [InlineData("c.pem", "k.pem", false, 1, null)]
    [InlineData("", "", true, 1, null)]
    [InlineData("", "", true, 0, "selfSignedCertValidity is invalid,it should be greater than 0")]
    public void An_https_url_needs_certificates(string cert, string key, bool auto, int years, string? expected) =>
        Assert.Equal(expected, (Settings() with { CertFile = cert, KeyFile = key, AutoTls = auto, SelfSignedYears = years }).WhyNotListen("https://h:1"));

    [Fact]
    public async Task Members_talk_over_tls_and_one_without_the_authority_s_certificate_is_not_heard()
    {
        var good = Tls(_known.Make("member", "127.0.0.1"));
        await using var cluster = await TestCluster.FoundAsync(remote: true, hocon: good, names: ["a", "b", "c"]);
        await cluster.PutAsync("a", "k", "v");
        Assert.Equal("v", await cluster.GetAsync("b", "k"));
        await cluster.StopAsync("c");
        var foreign = await cluster.StartAsync("c", publish: false, more: Tls(_strangers.Make("member", "127.0.0.1")));
        await cluster.PutAsync("a", "k", "w");
        await TestCluster.UntilAsync(() => cluster["a"].Peers.ConnectedSince(foreign.Status.Self) is null);   // of the time before
        Assert.Equal(0, foreign.Peers.ConnectedCount);
        Assert.Equal(0UL, foreign.Status.Raft.Leader);
        Assert.All(["a", "b"], name => Assert.False(cluster[name].System.WhenTerminated.IsCompleted));   // by a handshake that failed
        await cluster.StopAsync("c");
        await cluster.StartAsync("c");
        Assert.Equal("w", await cluster.GetAsync("c", "k"));
    }

    [Fact]
    public async Task Members_may_make_their_own_certificates()
    {
        await using var cluster = await TestCluster.FoundAsync(remote: true, hocon: "kv.peer.tls.auto-tls = true", names: ["a", "b", "c"]);
        await cluster.PutAsync("a", "k", "v");
        Assert.Equal("v", await cluster.GetAsync("c", "k"));
    }

    private string Tls((string Cert, string Key) own) => $$"""
        kv.peer.tls { cert-file = "{{own.Cert}}", key-file = "{{own.Key}}", trusted-ca-file = "{{_known.AuthorityFile}}" }
        """;

    private static System.Security.Cryptography.X509Certificates.X509Certificate2 Load((string Cert, string Key) files) => PeerCertificates.Load(files.Cert, files.Key);

    private static PeerTlsSettings Settings() => new()
    {
        CertFile = "",
        KeyFile = "",
        TrustedCaFile = "",
        CrlFile = "",
        ClientCertAuth = false,
        AllowedCommonNames = [],
        AllowedHostNames = [],
        AutoTls = false,
        SelfSignedYears = 1,
        SkipClientSanVerification = false,
    };
}

using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;
using Akka.Remote.Transport.DotNetty;

namespace Kv.Compat.Tests.Remote;

public sealed class TlsTests
{
    private const string Ssl = "akka.remote.dot-netty.tcp.enable-ssl = true\nakka.remote.dot-netty.tcp.connection-timeout = 5s\nakka.remote.retry-gate-closed-for = 60s\n";

    [Fact]
    public async Task Nodes_that_know_each_others_authority_talk_and_say_ssl_in_their_address()
    {
        using var authority = new Authority("one");
        await using var a = Start("a", authority.Issue("a"), authority);
        await using var b = Start("b", authority.Issue("b"), authority);
        Assert.Equal("akka.ssl.tcp", a.Address.Protocol);
        a.System.ActorOf(Props.Create<Echo>(), "echo");
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        Assert.Equal("there", await a.Select(b, "echo").Ask<string>("there"));
        Assert.Equal("back", await b.Select(a, "echo").Ask<string>("back"));
        var large = new byte[100_000];
        Random.Shared.NextBytes(large);
        Assert.Equal(large, await a.Select(b, "echo").Ask<byte[]>(large));
    }

    [Fact]
    public async Task A_peer_with_a_certificate_of_another_authority_is_refused_by_both_sides()
    {
        using var authority = new Authority("one");
        using var other = new Authority("two");
        await using var a = Start("a", authority.Issue("a"), authority);
        await using var stranger = Start("s", other.Issue("s"), other);
        var (heardAtA, heardThere) = (a.Collect("sink"), stranger.Collect("sink"));
        var (failedAtA, failedThere) = (a.Watch<AssociationErrorEvent>(), stranger.Watch<AssociationErrorEvent>());
        a.Select(stranger, "sink").Tell("hello");
        stranger.Select(a, "sink").Tell("hello");
        await failedAtA.NextAsync();
        await failedThere.NextAsync();
        Assert.False(heardAtA.TryRead(out _));
        Assert.False(heardThere.TryRead(out _));
    }

    [Fact]
    public async Task A_client_without_certificate_is_refused_when_it_must_show_one()
    {
        using var authority = new Authority("one");
        await using var a = Start("a", authority.Issue("a"), authority);
        Assert.False(await HandshakeLastsAsync(a.Address.Port!.Value, SslProtocols.Tls12));
    }

    [Fact]
    public async Task A_client_without_certificate_is_taken_when_it_need_not()
    {
        using var authority = new Authority("one");
        await using var a = Start("a", authority.Issue("a"), authority, mutual: false);
        await using var b = Start("b", authority.Issue("b"), authority, mutual: false);
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        Assert.Equal("there", await a.Select(b, "echo").Ask<string>("there"));
    }

    [Fact]
    public async Task The_section_takes_a_file_and_suppressed_validation_any_authority()
    {
        using var authority = new Authority("one");
        using var other = new Authority("two");
        var folder = Directory.CreateTempSubdirectory("kv-tls-");
        try
        {
            await using var a = Node.Start("a", Ssl + Section(folder, "a", authority.Issue("a")));
            await using var b = Node.Start("b", Ssl + Section(folder, "b", other.Issue("b")));
            b.System.ActorOf(Props.Create<Echo>(), "echo");
            Assert.Equal("there", await a.Select(b, "echo").Ask<string>("there"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_plain_node_and_a_TLS_node_do_not_talk()
    {
        using var authority = new Authority("one");
        await using var secure = Start("s", authority.Issue("s"), authority);
        await using var plain = Node.Start("p");
        var heard = secure.Collect("sink");
        var failed = plain.Watch<AssociationErrorEvent>();
        plain.System.ActorSelection($"akka.tcp://s@127.0.0.1:{secure.Address.Port}/user/sink").Tell("hello");
        await failed.NextAsync();
        Assert.False(heard.TryRead(out _));
    }

    [Fact]
    public async Task Whom_to_trust_is_asked_anew_for_each_connection()
    {
        // How trust is reloaded without a restart, here and in the package: the callback reads what it trusts at each handshake.
        using var old = new Authority("old");
        using var next = new Authority("new");
        var trusted = old;
        bool Trusts(X509Certificate2? certificate, X509Chain? chain, string peer, SslPolicyErrors errors, ILoggingAdapter log) => certificate is not null && Volatile.Read(ref trusted).Issued(certificate);
        await using var a = Start("a", old.Issue("a"), Trusts, "akka.remote.retry-gate-closed-for = 200ms\n");
        var anyone = new CertificateValidationCallback((_, _, _, _, _) => true);
        await using var b = Start("b", next.Issue("b"), anyone, "akka.remote.retry-gate-closed-for = 200ms\n");
        var seen = a.Collect("sink");
        var failed = b.Watch<AssociationErrorEvent>();
        var sink = b.Select(a, "sink");
        sink.Tell("refused");
        await failed.NextAsync();
        Volatile.Write(ref trusted, next);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        object? got = null;
        while (got is null && await ticks.WaitForNextTickAsync(limit.Token))
        {
            sink.Tell("trusted");
            seen.TryRead(out got);
        }

        Assert.Equal("trusted", got);
    }

    [Fact]
    public async Task An_unfinished_handshake_is_dropped_and_so_are_bytes_that_are_no_TLS()
    {
        using var authority = new Authority("one");
        await using var a = Start("a", authority.Issue("a"), authority);
        await using var b = Start("b", authority.Issue("b"), authority);
        a.System.ActorOf(Props.Create<Echo>(), "echo");
        foreach (var bytes in new[] { [], new byte[] { 0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc }, "GET / HTTP/1.1\r\n\r\n"u8.ToArray() })
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", a.Address.Port!.Value);
            var stream = client.GetStream();
            await stream.WriteAsync(bytes);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await DrainAsync(stream, limit.Token);
        }

        Assert.Equal("alive", await b.Select(a, "echo").Ask<string>("alive"));
    }

    [Fact]
    public void A_certificate_without_its_key_fails_the_start()
    {
        using var authority = new Authority("one");
        using var bare = X509CertificateLoader.LoadCertificate(authority.Issue("a").RawData);
        Assert.ThrowsAny<Exception>(() => Start("a", bare, authority));
    }

    private static Node Start(string name, X509Certificate2 certificate, Authority authority, bool mutual = true) => Node.Start(
        name,
        BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(Ssl).WithFallback(ConfigurationFactory.ParseString(Node.Defaults))),
        new DotNettySslSetup(certificate, suppressValidation: false, requireMutualAuthentication: mutual, customValidator: (shown, _, _, _, _) => shown is not null && authority.Issued(shown)));

    private static Node Start(string name, X509Certificate2 certificate, CertificateValidationCallback validator, string hocon) => Node.Start(
        name,
        BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(hocon).WithFallback(ConfigurationFactory.ParseString(Ssl)).WithFallback(ConfigurationFactory.ParseString(Node.Defaults))),
        new DotNettySslSetup(certificate, suppressValidation: false, requireMutualAuthentication: true, customValidator: validator));

    private static string Section(DirectoryInfo folder, string name, X509Certificate2 certificate)
    {
        var path = Path.Combine(folder.FullName, name + ".pfx");
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pkcs12, "secret"));
        return $$"""
            akka.remote.dot-netty.tcp.ssl {
              suppress-validation = true
              certificate {
                path = "{{path.Replace("\\", "\\\\", StringComparison.Ordinal)}}"
                password = "secret"
              }
            }
            """;
    }

    private static async Task<bool> HandshakeLastsAsync(int port, SslProtocols protocols)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        await using var stream = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, static (_, shown, _, _) => shown is not null);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "a", EnabledSslProtocols = protocols }, limit.Token);
            return await stream.ReadAsync(new byte[1], limit.Token) > 0;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static async Task DrainAsync(Stream stream, CancellationToken token)
    {
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // reset rather than closed: closed all the same
        }
    }

    /// <summary>A certificate authority of the test's own.</summary>
    private sealed class Authority : IDisposable
    {
        private readonly X509Certificate2 _root;

        public Authority(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
            _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        }

        public X509Certificate2 Issue(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            using var issued = request.Create(_root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
            using var withKey = issued.CopyWithPrivateKey(key);
            return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
        }

        public bool Issued(X509Certificate2 certificate)
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(_root);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return chain.Build(certificate);
        }

        public void Dispose() => _root.Dispose();
    }
}

using System.Net;
using Kv.Actors.Cluster;
using Kv.Gateway.Config;
using Xunit;

namespace Kv.Gateway.Tests.Config;

public class SrvDiscoveryTests
{
    [Fact]
    public async Task Members_come_from_the_records_and_the_one_with_our_address_is_us()
    {
        await using var dns = new DnsResponder()
            .Service("_etcd-server._tcp.example.test", "a.example.test", 2380)
            .Service("_etcd-server._tcp.example.test", "b.example.test", 2380)
            .Service("_etcd-server._tcp.example.test", "c.example.test", 2381)
            .Host("a.example.test", "10.0.0.1").Host("b.example.test", "10.0.0.2").Host("c.example.test", "10.0.0.3").Start();
        var found = await FindAsync(dns, "example.test", "", "b", "http://10.0.0.2:2380");
        Assert.Equal("0=http://a.example.test:2380,b=http://b.example.test:2380,1=http://c.example.test:2381", InitialCluster.Text(found.Cluster));
        Assert.Equal("http://b.example.test:2380", Assert.Single(found.Own));
    }

    [Fact]
    public async Task Our_own_url_may_be_a_name_too_and_https_has_a_service_of_its_own()
    {
        await using var dns = new DnsResponder()
            .Service("_etcd-server-ssl-kv._tcp.example.test", "a.example.test", 2380)
            .Host("a.example.test", "10.0.0.1").Host("alias.example.test", "10.0.0.1").Start();
        var found = await FindAsync(dns, "example.test", "kv", "me", "https://alias.example.test:2380");
        Assert.Equal("me=https://a.example.test:2380", InitialCluster.Text(found.Cluster));
    }

    [Theory]
    [InlineData("none.test", "me", "http://10.0.0.1:2380", "error querying DNS SRV records for _etcd-server-ssl no such host; error querying DNS SRV records for _etcd-server no such host")]
    [InlineData("example.test", "me", "http://10.0.0.9:2380", "cannot find local etcd member \"me\" in SRV records")]
    [InlineData("example.test", "me", "http://10.0.0.1:2380", "bootstrap at https://a.example.test:2380 from DNS for etcd-server-ssl has scheme mismatch with expected peer http://10.0.0.1:2380")]
    public async Task What_is_missing_is_said_in_etcd_s_words(string domain, string name, string advertised, string expected)
    {
        await using var dns = new DnsResponder()
            .Service("_etcd-server-ssl._tcp.example.test", "a.example.test", 2380).Host("a.example.test", "10.0.0.1").Start();
        var refused = await Assert.ThrowsAsync<IOException>(() => FindAsync(dns, domain, "", name, advertised));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resolver_that_does_not_answer_is_given_up()
    {
        await using var silent = new DnsResponder();
        var names = new NameService(silent.EndPoint);
        var refused = await Assert.ThrowsAsync<IOException>(() => names.ServicesAsync("_etcd-server._tcp.example.test"));
        Assert.StartsWith("lookup _etcd-server._tcp.example.test: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_resolver_is_an_address_with_or_without_a_port()
    {
        Assert.Null(SrvDiscovery.ReadServer(""));
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 53), SrvDiscovery.ReadServer("127.0.0.1"));
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 5353), SrvDiscovery.ReadServer("[::1]:5353"));
        Assert.Throws<FormatException>(() => SrvDiscovery.ReadServer("dns.example"));
    }

    private static Task<DiscoveredCluster> FindAsync(DnsResponder dns, string domain, string suffix, string name, string advertised)
    {
        Assert.Null(KvUrl.TryParseList(advertised, out var urls));
        return SrvDiscovery.FindAsync(new NameService(dns.EndPoint), domain, suffix, name, urls);
    }
}

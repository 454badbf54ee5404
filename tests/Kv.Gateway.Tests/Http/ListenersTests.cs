using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Gateway.Tests.Services;
using Kv.Testing.Processes;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;

namespace Kv.Gateway.Tests.Http;

/// <summary>Each kind of listener serves what it is for, and nothing else.</summary>
public sealed class ListenersTests(ListenersTests.Host node) : IClassFixture<ListenersTests.Host>
{
    /// <summary>A node with metrics on a port of their own, and pages apart from calls.</summary>
    public sealed class Host : NodeHost
    {
        public Host()
            : this($"127.0.0.1:{FreePorts.Next()}", $"127.0.0.1:{FreePorts.Next()}")
        {
        }

        private Host(string metrics, string pages)
            : base("", $"--listen-metrics-urls=http://{metrics}", $"--listen-client-http-urls=http://{pages}") =>
            (MetricsAddress, PagesAddress) = (metrics, pages);

        public string MetricsAddress { get; }

        public string PagesAddress { get; }
    }

    [Theory]
    [InlineData("/metrics", 200)]
    [InlineData("/health", 200)]
    [InlineData("/livez", 200)]
    [InlineData("/livez/serializable_read", 200)]
    [InlineData("/readyz", 200)]
    [InlineData("/readyz/nope", 404)]
    [InlineData("/livezz", 404)]
    [InlineData("/version", 404)]
    [InlineData("/debug/vars", 404)]
    [InlineData("/v3/kv/range", 404)]
    [InlineData("/etcdserverpb.KV/Range", 404)]
    public async Task Metrics_listeners_have_metrics_and_health_only(string path, int status) =>
        Assert.Equal(status, await StatusAsync(node.MetricsAddress, path));

    [Theory]
    [InlineData("/metrics", 200)]
    [InlineData("/health", 200)]
    [InlineData("/version", 200)]
    [InlineData("/nothing", 404)]
    public async Task Page_listeners_have_the_pages(string path, int status) => Assert.Equal(status, await StatusAsync(node.PagesAddress, path));

    [Fact]
    public async Task Calls_are_served_where_they_belong_and_nowhere_else()
    {
        await node.Kv.PutAsync(new PutRequest { Key = B("k"), Value = B("v") });
        foreach (var address in (string[])[node.MetricsAddress, node.PagesAddress])
        {
            using var channel = GrpcChannel.ForAddress($"http://{address}");
            await Assert.ThrowsAsync<RpcException>(() => new Protos.Etcdserverpb.KV.KVClient(channel).RangeAsync(new RangeRequest { Key = B("k") }).ResponseAsync);
        }
    }

    [Fact]
    public async Task A_call_listener_beside_page_listeners_has_no_pages()
    {
        Assert.Equal(400, await StatusAsync(node.Endpoint, "/health"));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{node.Endpoint}/health") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    private static async Task<int> StatusAsync(string address, string path)
    {
        using var client = new HttpClient { Timeout = ServiceHost.Patience };
        using var response = await client.GetAsync(new Uri($"http://{address}{path}"));
        return (int)response.StatusCode;
    }
}

using System.Net;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Gateway.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kv.Gateway.Tests.Http;

/// <summary>The pages over a real listener, with a node that says what the test wants.</summary>
public sealed class HttpEndpointsTests : IAsyncLifetime
{
    private readonly Probe _probe = new();
    private readonly Metrics _metrics = new(new MetricsRegistry());
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    private sealed class Probe : INodeProbe
    {
        public bool HasLeader { get; set; } = true;

        public bool IsLearner { get; set; }

        public IReadOnlyCollection<string> Alarms { get; set; } = [];

        public string? ClusterVersion { get; set; } = "3.6.0";

        public KvError Serializable { get; set; }

        public KvError Linearizable { get; set; }

        public ValueTask<KvError> ReadAsync(bool serializable, CancellationToken cancelled) => new(serializable ? Serializable : Linearizable);
    }

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapKvHttp(_probe, _metrics, NullLogger.Instance);
        await _app.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    private async Task<(int Status, string Body, HttpResponseMessage Response)> Get(string path, string verb = "GET")
    {
        var response = await _client.SendAsync(new HttpRequestMessage(new HttpMethod(verb), path));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    [Fact]
    public async Task Health_is_true_in_etcd_s_bytes()
    {
        var (status, body, response) = await Get("/health");
        Assert.Equal(200, status);
        Assert.Equal("{\"health\":\"true\",\"reason\":\"\"}", body);
        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal(1, _metrics.HealthSuccesses.Value);
    }

    [Theory]
    [InlineData("NOSPACE", "/health", "ALARM NOSPACE")]
    [InlineData("CORRUPT", "/health?exclude=NOSPACE", "ALARM CORRUPT")]
    [InlineData("NOSPACE", "/health?exclude=NOSPACE", null)]
    [InlineData("CORRUPT,NOSPACE", "/health?exclude=NOSPACE&exclude=CORRUPT", null)]
    public async Task An_alarm_makes_health_false_unless_it_is_excluded(string alarms, string path, string? reason)
    {
        _probe.Alarms = alarms.Split(',');
        var (status, body, _) = await Get(path);
        Assert.Equal(reason is null ? 200 : 503, status);
        Assert.Equal(reason is null ? "{\"health\":\"true\",\"reason\":\"\"}" : $"{{\"health\":\"false\",\"reason\":\"{reason}\"}}\n", body);
    }

    [Fact]
    public async Task Without_a_leader_only_serializable_health_is_true()
    {
        _probe.HasLeader = false;
        _probe.Linearizable = KvError.Timeout;
        Assert.Equal("{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}\n", (await Get("/health")).Body);
        Assert.Equal(200, (await Get("/health?serializable=true")).Status);
        Assert.Equal(1, _metrics.HealthFailures.Value);
    }

    [Fact]
    public async Task A_failed_read_is_named()
    {
        _probe.Linearizable = KvError.Timeout;
        var (status, body, _) = await Get("/health");
        Assert.Equal(503, status);
        Assert.Equal("{\"health\":\"false\",\"reason\":\"RANGE ERROR:etcdserver: request timed out\"}\n", body);
    }

    [Theory]
    [InlineData("/health", "POST")]
    [InlineData("/health", "PUT")]
    [InlineData("/version", "POST")]
    [InlineData("/livez", "POST")]
    [InlineData("/readyz", "DELETE")]
    [InlineData("/debug/vars", "POST")]
    public async Task Other_verbs_are_refused(string path, string verb)
    {
        var (status, body, response) = await Get(path, verb);
        Assert.Equal(405, status);
        Assert.Equal("Method Not Allowed\n", body);
        Assert.Equal("GET", response.Content.Headers.Allow.Single());
    }

    [Fact]
    public async Task Head_is_refused_as_well() => Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Get("/health", "HEAD")).Response.StatusCode);

    [Fact]
    public async Task Livez_and_readyz_say_ok()
    {
        foreach (var path in (string[])["/livez", "/readyz", "/livez/serializable_read", "/readyz/linearizable_read", "/readyz/non_learner", "/readyz/data_corruption"])
        {
            var (status, body, response) = await Get(path);
            Assert.Equal(200, status);
            Assert.Equal("ok\n", body);
            Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        }

        Assert.Equal("[+]serializable_read ok\nok\n", (await Get("/livez?verbose")).Body);
        Assert.Equal(404, (await Get("/livez/nothing")).Status);
        Assert.Equal(404, (await Get("/livez/linearizable_read")).Status);
    }

    [Fact]
    public async Task A_failed_check_is_detailed_and_can_be_excluded()
    {
        _probe.Alarms = ["CORRUPT", "NOSPACE"];
        _probe.IsLearner = true;
        _probe.Linearizable = KvError.NoLeader;
        var (status, body, _) = await Get("/readyz");
        Assert.Equal(503, status);
        Assert.Equal(
            "[-]data_corruption failed: alarm activated: CORRUPT\n[+]serializable_read ok\n[-]linearizable_read failed: etcdserver: no leader\n[-]non_learner failed: not supported for learner\n",
            body);
        Assert.Equal(200, (await Get("/livez")).Status);
        Assert.Equal(200, (await Get("/readyz?exclude=data_corruption&exclude=linearizable_read&exclude=non_learner&exclude=unknown")).Status);
        Assert.Equal(1, _metrics.HealthChecks.With("readyz", "non_learner", "error").Value);
        Assert.Equal(0, _metrics.HealthCheck.With("readyz", "non_learner").Value);
    }

    [Fact]
    public async Task Version_has_three_plain_integers()
    {
        var (_, body, response) = await Get("/version");
        Assert.Matches("""^\{"etcdserver":"3\.6\.\d+","etcdcluster":"3\.6\.0","storage":"3\.6\.0"\}$""", body);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        _probe.ClusterVersion = null;
        Assert.Contains("\"etcdcluster\":\"not_decided\",\"storage\":\"unknown\"", (await Get("/version")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_are_served_for_any_verb()
    {
        var (status, body, response) = await Get("/metrics", "POST");
        Assert.Equal(200, status);
        Assert.Contains("\netcd_server_has_leader 0\n", body, StringComparison.Ordinal);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Variables_are_json_as_go_s_expvar()
    {
        var (_, body, _) = await Get("/debug/vars");
        using var json = System.Text.Json.JsonDocument.Parse(body);
        Assert.True(json.RootElement.GetProperty("memstats").GetProperty("HeapAlloc").GetInt64() > 0);
        Assert.True(json.RootElement.GetProperty("cmdline").GetArrayLength() > 0);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/nothing")]
    [InlineData("/v2/keys/a")]
    [InlineData("/some.file")]
    public async Task An_unknown_path_gets_go_s_404(string path)
    {
        var (status, body, response) = await Get(path);
        Assert.Equal(404, status);
        Assert.Equal("404 page not found\n", body);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }
}

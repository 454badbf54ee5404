using Kv.Actors.Meters;
using Kv.Gateway.Http;
using Xunit;

namespace Kv.Gateway.Tests.Http;

public class ClientVersionsTests
{
    private readonly MetricFamily<Counter> _family = new MetricsRegistry().Counters("a_total", "A.", "type", "client_api_version");

    [Fact]
    public void Each_version_has_a_count_and_none_is_unknown()
    {
        var clients = new ClientVersions(_family, "unary");
        clients.Count("3.6");
        clients.Count("3.4");
        clients.Count("3.6");
        clients.Count(null);
        clients.Count("");
        Assert.Equal((2, 1, 2), (Of("3.6"), Of("3.4"), Of("unknown")));
    }

    [Fact]
    public void A_client_that_invents_versions_makes_no_more_series_than_the_bound()
    {
        var clients = new ClientVersions(_family, "unary");
        for (var i = 0; i < 1000; i++)
        {
            clients.Count($"9.{i}");
        }
        clients.Count(new string('9', 1000));
        clients.Count("9.0");
        Assert.Equal(2, Of("9.0"));
        Assert.Equal(1000 - ClientVersions.MostSeries + 1, Of("unknown"));
    }

    private long Of(string version) => _family.With("unary", version).Value;
}

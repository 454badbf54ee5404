using System.Text.RegularExpressions;
using Kv.Actors.Meters;
using Xunit;

namespace Kv.Actors.Tests.Tidy;

/// <summary>Logs and metrics are part of the interface: an id or a name means one thing, and says what.</summary>
public partial class LogEventTests
{
    [GeneratedRegex(@"Write\(log, LogLevel\.\w+, (?<id>\d+),\s*""(?<text>[^""]+)""")]
    private static partial Regex LogLine { get; }

    [GeneratedRegex(@"registry\.(?:Counters?|Gauges?|Histograms?|CounterFrom|GaugeFrom)\(\s*""(?<name>[^""]+)"",\s*""(?<help>[^""]*)""")]
    private static partial Regex Metric { get; }

    [Fact]
    public void Log_event_ids_are_unique()
    {
        var lines = LogLine.Matches(SourceTree.Read("Kv.Gateway/Logging/Log.cs")).Select(static line => (Id: int.Parse(line.Groups["id"].Value), Text: line.Groups["text"].Value)).ToList();
        Assert.True(lines.Count > 20, "the log methods were not found: has their shape changed?");
        var shared = lines.GroupBy(static line => line.Id).Where(static group => group.Count() > 1)
            .Select(static group => $"{group.Key}: {string.Join(" | ", group.Select(static line => line.Text))}").ToList();
        Assert.True(shared.Count == 0, SourceTree.Report("Ids that stand for two lines; give the newer one the next free id of its block:", shared));
    }

    [Fact]
    public void Metric_names_are_unique_and_every_metric_says_what_it_counts()
    {
        var metrics = SourceTree.Products.SelectMany(SourceTree.Of)
            .SelectMany(static file => Metric.Matches(file.Text).Select(found => (file.Path, Name: found.Groups["name"].Value, Help: found.Groups["help"].Value)))
            .ToList();
        Assert.True(metrics.Count > 50, "the metrics were not found: has their shape changed?");
        var findings = metrics.GroupBy(static metric => metric.Name).Where(static group => group.Count() > 1).Select(static group => $"{group.Key} is registered {group.Count()} times")
            .Concat(metrics.Where(static metric => metric.Help.Length < 10).Select(static metric => $"{metric.Name} says too little of what it counts"))
            .Concat(metrics.Where(static metric => !MetricName.IsMatch(metric.Name)).Select(static metric => $"{metric.Name} is no name in Prometheus's style"))
            .ToList();
        Assert.True(findings.Count == 0, SourceTree.Report("Every metric has one name, and a sentence with its unit:", findings));
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_]*$")]
    private static partial Regex MetricName { get; }

    /// <summary>The names above are read from the sources; those at run time may be put together differently.</summary>
    [Fact]
    public void A_running_node_s_metrics_all_have_help()
    {
        var registry = new MetricsRegistry();
        _ = new Metrics(registry);
        Assert.All(registry.Families, static family => Assert.False(string.IsNullOrWhiteSpace(family.Help), family.Name));
    }

    /// <summary>Values, passwords and tokens never reach a log line.</summary>
    [Fact]
    public void No_log_line_takes_a_value_a_password_or_a_token()
    {
        var findings = SourceTree.Products.SelectMany(SourceTree.Of)
            .SelectMany(static file => LogCall.Matches(file.Text).Where(static call => Secret.IsMatch(call.Value)).Select(call => $"{file.Path}:{file.LineOf(call.Index)} {call.Value.Trim()}"))
            .ToList();
        Assert.True(findings.Count == 0, SourceTree.Report("Log the key's length or the lease's id instead:", findings));
    }

    [GeneratedRegex(@"_?log\.(?:Debug|Info|Warning|Error)\([^;]*;")]
    private static partial Regex LogCall { get; }

    [GeneratedRegex(@"\.Value\.To|\.Password\b|\.Token\b|\.PrevKv\b")]
    private static partial Regex Secret { get; }
}

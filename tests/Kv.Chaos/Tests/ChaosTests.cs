using System.Globalization;
using Kv.Chaos.Servers;
using Kv.Testing.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kv.Chaos.Tests;

/// <summary>The run that CI makes: three real processes, two minutes, a new seed each time.</summary>
/// <remarks>
/// KV_CHAOS_SECONDS sets the time of faults, KV_CHAOS_SEED the seed of a run that failed. The seed decides which faults strike and what clients ask;
/// the moments are the machine's, so a seed does not repeat a history, it repeats the plan.
/// </remarks>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int DefaultSeconds = 90;

    [Fact]
    public async Task A_cluster_under_faults_shows_its_clients_one_store()
    {
        var report = await ChaosRun.RunAsync(Options(ServerKind.KvActors, Number("KV_CHAOS_SECONDS") ?? DefaultSeconds));
        output.WriteLine(report.Summary());
        Assert.True(report.Violations.Count == 0, $"seed {report.Rounds[0].Seed}\n{report.Summary()}");
        Assert.All(report.Rounds, static r => Assert.True(r.Known > 2 * r.Time.TotalSeconds, $"too little was done to prove anything: {r}"));
    }

    /// <summary>etcd is trusted: what the judges find in it would be their own mistake. Where it is not installed there is nothing to hold them against.</summary>
    [Fact]
    public async Task The_harness_finds_nothing_in_a_calm_etcd()
    {
        if (!Command.Exists("etcd"))
        {
            Assert.NotEqual("required", Environment.GetEnvironmentVariable("KV_INTEROP"));
            output.WriteLine("not run: etcd is not installed");
            return;
        }
        var report = await ChaosRun.RunAsync(Options(ServerKind.Etcd, 5) with { Faults = false, FillDisk = false });
        output.WriteLine(report.Summary());
        Assert.True(report.Violations.Count == 0, report.Summary());
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    private ChaosOptions Options(ServerKind kind, int seconds) => new()
    {
        Kind = kind,
        Time = TimeSpan.FromSeconds(seconds),
        Seed = Number("KV_CHAOS_SEED") ?? Random.Shared.Next(1_000_000),
        Log = output.WriteLine,
    };
}

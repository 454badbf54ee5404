using System.Diagnostics;
using Kv.Load.Http2;
using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>Leases: kept alive by the thousand, and expiring all at once.</summary>
internal static class LeaseWorkloads
{
    private const string Grant = "/etcdserverpb.Lease/LeaseGrant", Leases = "/etcdserverpb.Lease/LeaseLeases", Put = "/etcdserverpb.KV/Put";
    private const int Live = 100_000, KeysEvery = 10, PutsPerSecond = 1000, HourSeconds = 3600;
    private const double GrantsPerSecondAtLeast = 4000, BeforeSeconds = 8;
    private static readonly TimeSpan ExpiryLimit = TimeSpan.FromSeconds(30);
    private static readonly long FirstLease = Random.Shared.NextInt64(1L << 32, 1L << 48);     // apart from those of earlier runs against the same server
    private static long s_expiryRuns;

    /// <summary>All of them, in the order they are run.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("keepalive-1000", "1,000 keep-alive streams over 100 connections, one request under way on each; 100,000 live leases",
            static server => GrantAsync(server, static i => FirstLease + i, static () => HourSeconds), KeepAliveAsync),
        new("lease-expiry", "100,000 leases that end within one second (takes 35 s and up to 30 s more), under 1,000 puts/s; an op is one expired lease",
            null, ExpiryAsync) { Fresh = true },
    ];

    private static async Task GrantAsync(Target server, Func<long, long> id, Func<long> ttlSeconds)
    {
        using var connections = await Connections.OpenAsync(server, 10);
        var loop = new ClosedLoop(Grant, (i, scratch) =>
        {
            var message = new Message(scratch);
            message.Number(1, ttlSeconds());
            message.Number(2, id(i));
            return message.Written;
        });
        await loop.RunAsync(connections, 500, TimeSpan.FromMinutes(5), Live);
        loop.ThrowIfFailed(server);
    }

    private static async Task<Result> KeepAliveAsync(Target server, TimeSpan time)
    {
        using var connections = await Connections.OpenAsync(server, 100);
        var loop = new KeepAliveLoop(static i => FirstLease + (i % Live));
        var meter = new Meter(server);
        var (elapsed, latencies) = await loop.RunAsync(connections, 10, time);
        return meter.Take(latencies.Count, latencies, elapsed);
    }

    /// <summary>Grants leases with shorter and shorter lives, so that all end within the same second, and a steady stream of puts meanwhile.</summary>
    /// <remarks>Each tenth lease has a key; a watch of those tells when the expiry is nearly over, and then LeaseLeases is asked until it lists none.</remarks>
    private static async Task<Result> ExpiryAsync(Target server, TimeSpan time)
    {
        var first = FirstLease + (Interlocked.Increment(ref s_expiryRuns) * 10L * Live);
        var prefix = FormattableString.Invariant($"leased/{first}/");
        var granting = Stopwatch.GetTimestamp();
        var grantSeconds = Live / GrantsPerSecondAtLeast;
        var endSeconds = grantSeconds + BeforeSeconds + 2;
        await GrantAsync(server, i => first + i, () => (long)Math.Ceiling(endSeconds - Stopwatch.GetElapsedTime(granting).TotalSeconds));
        await AttachAsync(server, first, prefix);
        var left = endSeconds - Stopwatch.GetElapsedTime(granting).TotalSeconds;
        if (left < BeforeSeconds / 2)
        {
            throw new InvalidOperationException($"{server.Name} took so long to grant {Live} leases that only {left:0.0} s are left before they expire.");
        }

        using var watcher = await WatchGroup.OpenAsync(
            server, 1, 1, (i, s) => Keys.Write(s, prefix, i), KvWorkloads.EndOf(prefix));
        using var writers = await Connections.OpenAsync(server, 10);
        using var asking = await Connections.OpenAsync(server, 1);
        await using var puts = new PacedPuts(writers, PutsPerSecond, 50, static (i, _, s) => KvWorkloads.MakePut(s, "beside/", i % 10_000));
        await puts.RunForAsync(TimeSpan.FromSeconds(1));        // settles the writers
        puts.TakeLatencies();
        await puts.RunForAsync(TimeSpan.FromSeconds(Math.Max(0, endSeconds - 0.1 - Stopwatch.GetElapsedTime(granting).TotalSeconds)));
        var before = puts.TakeLatencies();
        if (watcher.Events.Value > 0)
        {
            throw new InvalidOperationException($"{server.Name} expired leases before their time.");
        }

        var meter = new Meter(server);
        var goneSeconds = await GoneAsync(watcher, asking[0], puts, meter);
        var during = puts.TakeLatencies();
        var remaining = await CountAsync(asking[0]);
        return meter.Take(Live - remaining, during) with
        {
            Figures =
            [
                new("all gone after, s", goneSeconds, AtLeast: remaining > 0),
                new("leases left then", remaining),
                new("p99 of puts before, µs", before.Quantile(0.99)),
                new("p99 meanwhile to before", during.Quantile(0.99) / before.Quantile(0.99)),
            ],
        };
    }

    /// <summary>Seconds until no lease is left, or the limit.</summary>
    private static async Task<double> GoneAsync(WatchGroup watcher, GrpcConnection asking, PacedPuts puts, Meter meter)
    {
        while (meter.Elapsed < ExpiryLimit)
        {
            await puts.RunForAsync(TimeSpan.FromMilliseconds(20));
            if (watcher.Events.Value >= Live / KeysEvery && await CountAsync(asking) == 0)
            {
                break;
            }
        }
        return meter.Elapsed.TotalSeconds;
    }

    private static async Task<int> CountAsync(GrpcConnection connection)
    {
        var fields = new ProtoFields(await UnaryCall.CallAsync(connection, Leases, []));
        var count = 0;
        while (fields.Next())
        {
            count += fields.Field == 2 ? 1 : 0;
        }
        return count;
    }

    private static async Task AttachAsync(Target server, long first, string prefix)
    {
        using var connections = await Connections.OpenAsync(server, 10);
        var loop = new ClosedLoop(Put, (i, scratch) =>
        {
            var message = new Message(scratch);
            message.Bytes(1, Keys.Write(stackalloc byte[64], prefix, i));
            message.Number(3, first + (i * KeysEvery));
            return message.Written;
        });
        await loop.RunAsync(connections, 500, TimeSpan.FromMinutes(1), Live / KeysEvery);
        loop.ThrowIfFailed(server);
    }
}

using System.Diagnostics;
using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>Events: how soon and at what cost they reach many watchers. An operation is one event that reached one watcher.</summary>
internal static class WatchWorkloads
{
    private const string Put = "/etcdserverpb.KV/Put";
    private const int WatchConnections = 100, ValueBytes = 256, ManyKeys = 10_000, StallKeys = 999;
    private const int StallPutsPerSecond = 1000, StallWindow = 65_535;
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(30);

    /// <summary>All of them, in the order they are run.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("watch-1x1000", "1,000 watchers on one key over 100 connections; one writer puts again once all have the event", null, OneKeyAsync),
        new("watch-10000", "10,000 watchers on 10,000 keys over 100 connections; 100 outstanding puts over all keys", null, ManyKeysAsync),
        new("stalled-watcher", "999 watchers, then one more that stops reading for 6 times --seconds, under 1,000 puts/s", null, StalledAsync),
    ];

    /// <summary>A put of a 256-byte value that begins with <paramref name="stamp"/>.</summary>
    public static ReadOnlySpan<byte> MakeStampedPut(Span<byte> scratch, string prefix, long number, long stamp)
    {
        Span<byte> value = stackalloc byte[ValueBytes];
        value.Fill((byte)'v');
        WatchGroup.Stamp(value, stamp);
        var message = new Message(scratch);
        message.Bytes(1, Keys.Write(stackalloc byte[32], prefix, number));
        message.Bytes(2, value);
        return message.Written;
    }

    private static async Task<Result> OneKeyAsync(Target server, TimeSpan time)
    {
        const int Watchers = 1000;
        using var watchers = await WatchGroup.OpenAsync(server, WatchConnections, Watchers, static (_, s) => Keys.Write(s, "one/", 0));
        using var writer = await Connections.OpenAsync(server, 1);
        var scratch = new byte[512];
        var meter = new Meter(server);
        var puts = 0L;
        while (meter.Elapsed < time)
        {
            var request = MakeStampedPut(scratch, "one/", 0, Stopwatch.GetTimestamp()).ToArray();
            await UnaryCall.CallAsync(writer[0], Put, request);
            await watchers.Events.UntilAsync(++puts * Watchers, DeliveryLimit);
        }
        var elapsed = meter.Elapsed;
        return meter.Take(watchers.Events.Value, watchers.TakeLatencies(), elapsed);
    }

    private static async Task<Result> ManyKeysAsync(Target server, TimeSpan time)
    {
        using var watchers = await WatchGroup.OpenAsync(server, WatchConnections, ManyKeys, static (i, s) => Keys.Write(s, "many/", i));
        using var writers = await Connections.OpenAsync(server, 10);
        var loop = new ClosedLoop(Put, static (i, s) => MakeStampedPut(s, "many/", i % ManyKeys, Stopwatch.GetTimestamp()));
        var meter = new Meter(server);
        var (_, puts) = await loop.RunAsync(writers, 100, time);
        loop.ThrowIfFailed(server);
        await watchers.Events.UntilAsync(puts.Count, DeliveryLimit);
        var elapsed = meter.Elapsed;
        return meter.Take(watchers.Events.Value, watchers.TakeLatencies(), elapsed);
    }

    /// <summary>The live watchers alone for a third of the time, then with one beside them that watches all keys and reads nothing.</summary>
    /// <remarks>The store keeps history, so memory grows with puts on any server; what counts is that it grows no faster beside a stalled watcher.</remarks>
    private static async Task<Result> StalledAsync(Target server, TimeSpan time)
    {
        using var watchers = await WatchGroup.OpenAsync(server, WatchConnections, StallKeys, static (i, s) => Keys.Write(s, "stall/", i));
        using var writers = await Connections.OpenAsync(server, 10);
        await using var puts = new PacedPuts(writers, StallPutsPerSecond, 100, static (i, due, s) => MakeStampedPut(s, "stall/", i % StallKeys, due));
        await puts.RunForAsync(time / 2);                       // the first seconds settle heap and caches
        watchers.TakeLatencies();

        var (sent, resident) = (puts.Sent, server.ResidentBytes());
        await puts.RunForAsync(time * 2);
        var before = watchers.TakeLatencies();
        var growthBefore = (server.ResidentBytes() - resident) / (puts.Sent - sent);

        using var stalled = await WatchGroup.OpenAsync(
            server, 1, 1, static (_, s) => Keys.Write(s, "stall/", 0), KvWorkloads.EndOf("stall/"), StallWindow);
        stalled.SetReading(false);
        (sent, resident) = (puts.Sent, server.ResidentBytes());
        var seen = watchers.Events.Value;
        var meter = new Meter(server);
        await puts.RunForAsync(time * 6);
        var during = watchers.TakeLatencies();
        var growth = server.ResidentBytes() - resident;
        puts.TakeLatencies();                                   // throws when a put failed
        return meter.Take(watchers.Events.Value - seen, during) with
        {
            Figures =
            [
                new("p99 without the stalled one, µs", before.Quantile(0.99)),
                new("memory growth with it, MiB", growth / (1 << 20)),
                new("memory growth a put with it, bytes", growth / (puts.Sent - sent)),
                new("memory growth a put without it, bytes", growthBefore),
            ],
        };
    }
}

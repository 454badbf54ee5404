using System.Net.Sockets;
using Kv.Load.Http2;
using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>The process itself: memory, start, restart after a crash, and how often it syncs.</summary>
internal static class ProcessWorkloads
{
    private const string Put = "/etcdserverpb.KV/Put", Range = "/etcdserverpb.KV/Range";
    private const string SyncMetric = "etcd_disk_wal_fsync_duration_seconds_count";
    private const int ManyKeys = 200_000, FirstPuts = 10_000, SyncPuts = 100;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(3);

    /// <summary>All of them, in the order they are run.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("memory-200k", "resident memory 3 s after 200,000 puts of 256-byte values", null, MemoryAsync) { Fresh = true, InCluster = true },
        new("first-10000", "the first 10,000 puts of a process that has just started, 100 outstanding over 10 connections", null, FirstAsync) { Fresh = true },
        new("start-empty", "from process start on an empty folder to the first acknowledged put; an op is one start", null, StartEmptyAsync) { OwnsProcess = true },
        new("restart-200k", "kill -9 with 200,000 keys, then from process start to the first linearizable get; an op is one start",
            static server => KvWorkloads.FillAsync(server, "big/", ManyKeys), RestartAsync) { OwnsProcess = true },
        new("sync-100", "syncs for 100 puts one after the other, from the server's metrics and from the disk's count of flushes", null, SyncsAsync),
    ];

    private static async Task<Result> MemoryAsync(Target server, TimeSpan time)
    {
        using var connections = await Connections.OpenAsync(server, 100);
        var loop = new ClosedLoop(Put, static (i, s) => KvWorkloads.MakePut(s, "big/", i));
        var meter = new Meter(server);
        var (elapsed, latencies) = await loop.RunAsync(connections, 1000, TimeSpan.FromMinutes(5), ManyKeys);
        loop.ThrowIfFailed(server);
        var result = meter.Take(latencies.Count, latencies, elapsed);
        await Task.Delay(Rest);
        return result with
        {
            Figures = [new("resident, MiB", server.ResidentBytes() / (1 << 20)), new("peak, MiB", server.PeakResidentBytes() / (1 << 20))],
        };
    }

    private static async Task<Result> FirstAsync(Target server, TimeSpan time)
    {
        using var connections = await Connections.OpenAsync(server, 10);
        var loop = new ClosedLoop(Put, static (i, s) => KvWorkloads.MakePut(s, "first/", i));
        var meter = new Meter(server);
        var (elapsed, latencies) = await loop.RunAsync(connections, 100, TimeSpan.FromMinutes(1), FirstPuts);
        loop.ThrowIfFailed(server);
        return meter.Take(latencies.Count, latencies, elapsed);
    }

    private static async Task<Result> StartEmptyAsync(Target server, TimeSpan time)
    {
        var process = (ServerProcess)server;
        await process.RelaunchAsync(empty: true);
        await FirstAnswerAsync(process, Put, KvWorkloads.MakePut(new byte[512], "first/", 0).ToArray());
        return Started(process);
    }

    private static async Task<Result> RestartAsync(Target server, TimeSpan time)
    {
        var process = (ServerProcess)server;
        await process.RelaunchAsync(empty: false);
        await FirstAnswerAsync(process, Range, KvWorkloads.MakeGet(new byte[64], "big/", ManyKeys - 1).ToArray());
        var result = Started(process);
        using var connections = await Connections.OpenAsync(server, 1);
        var counted = await UnaryCall.CallAsync(connections[0], Range, KvWorkloads.MakeCount(new byte[128], "big/").ToArray());
        var count = ProtoFields.FindNumber(counted, 4);
        return count == ManyKeys ? result : throw new InvalidOperationException($"{server.Name} has {count} of {ManyKeys} acknowledged keys after a crash.");
    }

    /// <summary>Asks until there is an answer, from the moment of the launch on.</summary>
    private static async Task FirstAnswerAsync(ServerProcess process, string path, byte[] request)
    {
        while (true)
        {
            process.ThrowIfEnded();
            try
            {
                using var connections = await Connections.OpenAsync(process, 1);
                if (await UnaryCall.TryAsync(connections[0], path, request) is not null)
                {
                    return;
                }
            }
            catch (Exception failure) when (failure is SocketException or IOException)
            {
                // Not listening yet, or closed while starting: the loop asks again, ThrowIfEnded bounds it.
            }
            await Task.Delay(5);
        }
    }

    private static Result Started(ServerProcess process)
    {
        var seconds = process.SinceLaunch.TotalSeconds;
        return new Result(double.NaN, double.NaN, double.NaN, process.CpuSeconds() * 1e6, double.NaN)
        {
            Figures = [new("start, s", seconds)],
        };
    }

    private static async Task<Result> SyncsAsync(Target server, TimeSpan time)
    {
        using var connections = await Connections.OpenAsync(server, 1);
        var loop = new ClosedLoop(Put, static (i, s) => KvWorkloads.MakePut(s, "sync/", i));
        var syncs = await server.MetricAsync(SyncMetric);
        var flushes = BlockDevice.Flushes(server.Folder);
        var meter = new Meter(server);
        var (elapsed, latencies) = await loop.RunAsync(connections, 1, TimeSpan.FromMinutes(1), SyncPuts);
        var result = meter.Take(latencies.Count, latencies, elapsed);
        flushes = BlockDevice.Flushes(server.Folder) - flushes;
        syncs = await server.MetricAsync(SyncMetric) - syncs;
        loop.ThrowIfFailed(server);
        return result with { CpuMicroseconds = double.NaN, Figures = [new("syncs", syncs), new("disk flushes of the whole machine", flushes)] };
    }
}

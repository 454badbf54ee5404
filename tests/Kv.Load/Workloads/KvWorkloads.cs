using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>Puts, gets, lists and transactions.</summary>
internal static class KvWorkloads
{
    private const string Put = "/etcdserverpb.KV/Put", Range = "/etcdserverpb.KV/Range", Txn = "/etcdserverpb.KV/Txn";
    private const int BigKeys = 200_000;
    private static readonly byte[] Value = MakeValue();

    /// <summary>All of them, in the order they are run.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("put-1000", "puts of 256-byte values, 1,000 outstanding over 100 connections", null, (server, time) => Closed(server, time, 100, 1000, Put, static (i, s) => MakePut(s, "put/", i % 100_000))) { InCluster = true },
        new("put-1", "puts of 256-byte values, one client, one after the other", null, (server, time) => Closed(server, time, 1, 1, Put, static (i, s) => MakePut(s, "one/", i % 100_000))) { InCluster = true },
        new("get-1000", "linearizable gets, 1,000 outstanding over 100 connections", server => FillAsync(server, "get/", 10_000),
            (server, time) => Closed(server, time, 100, 1000, Range, static (i, s) => MakeGet(s, "get/", i % 10_000))) { InCluster = true },
        new("list-1000", "lists of 1,000 keys of 256 bytes, 10 outstanding", server => FillAsync(server, "list/", 1000),
            (server, time) => Closed(server, time, 10, 10, Range, static (_, s) => MakeList(s, "list/", 0, 0))),
        new("pages-500", "pages of limit=500 over 200,000 keys, 10 outstanding", server => FillAsync(server, "big/", BigKeys),
            (server, time) => Closed(server, time, 10, 10, Range, static (i, s) => MakeList(s, "big/", i % 399 * 500, 500))),
        new("count-only", "count_only over 200,000 keys, 10 outstanding", server => FillAsync(server, "big/", BigKeys),
            (server, time) => Closed(server, time, 10, 10, Range, static (_, s) => MakeCount(s, "big/"))),
        new("txn-1000", "transactions that compare and swap, 1,000 outstanding over 100 connections", server => FillAsync(server, "txn/", 1000),
            (server, time) => Closed(server, time, 100, 1000, Txn, static (i, s) => MakeTxn(s, i % 1000))),
    ];

    /// <summary>Puts <paramref name="count"/> keys of 256-byte values under <paramref name="prefix"/>.</summary>
    public static async Task FillAsync(Target server, string prefix, long count)
    {
        using var connections = await Connections.OpenAsync(server, 10);
        var loop = new ClosedLoop(Put, (i, s) => MakePut(s, prefix, i));
        await loop.RunAsync(connections, 500, TimeSpan.FromMinutes(5), count);
        loop.ThrowIfFailed(server);
    }

    /// <summary>Runs a closed loop and turns what the server used into a result.</summary>
    public static async Task<Result> Closed(Target server, TimeSpan time, int connectionCount, int outstanding, string path, MakeRequest make)
    {
        using var connections = await Connections.OpenAsync(server, connectionCount);
        var loop = new ClosedLoop(path, make);
        var meter = new Meter(server);
        var (elapsed, latencies) = await loop.RunAsync(connections, outstanding, time);
        loop.ThrowIfFailed(server);
        return meter.Take(latencies.Count, latencies, elapsed);
    }

    /// <summary>A put of a 256-byte value.</summary>
    public static ReadOnlySpan<byte> MakePut(Span<byte> scratch, string prefix, long number)
    {
        var message = new Message(scratch);
        message.Bytes(1, Keys.Write(stackalloc byte[32], prefix, number));
        message.Bytes(2, Value);
        return message.Written;
    }

    /// <summary>A linearizable get of one key.</summary>
    public static ReadOnlySpan<byte> MakeGet(Span<byte> scratch, string prefix, long number)
    {
        var message = new Message(scratch);
        message.Bytes(1, Keys.Write(stackalloc byte[32], prefix, number));
        return message.Written;
    }

    /// <summary>The end of the range of all keys that begin with <paramref name="prefix"/>.</summary>
    public static byte[] EndOf(string prefix)
    {
        var end = System.Text.Encoding.ASCII.GetBytes(prefix);
        end[^1]++;
        return end;
    }

    private static ReadOnlySpan<byte> MakeList(Span<byte> scratch, string prefix, long from, long limit)
    {
        var message = new Message(scratch);
        message.Bytes(1, Keys.Write(stackalloc byte[32], prefix, from));
        message.Bytes(2, Keys.Write(stackalloc byte[32], prefix, 9_999_999_999));
        message.Number(3, limit);
        return message.Written;
    }

    /// <summary>How many keys begin with <paramref name="prefix"/>.</summary>
    public static ReadOnlySpan<byte> MakeCount(Span<byte> scratch, string prefix)
    {
        var message = new Message(scratch);
        message.Bytes(1, Keys.Write(stackalloc byte[32], prefix, 0));
        message.Bytes(2, Keys.Write(stackalloc byte[32], prefix, 9_999_999_999));
        message.Number(9, 1);
        return message.Written;
    }

    /// <summary>If the key exists (create revision above 0), put it; else get it: both branches touch the key.</summary>
    private static ReadOnlySpan<byte> MakeTxn(Span<byte> scratch, long number)
    {
        Span<byte> keyBytes = stackalloc byte[32];
        var key = Keys.Write(keyBytes, "txn/", number);
        var compare = new Message(stackalloc byte[64]);
        compare.Number(1, 1);
        compare.Number(2, 1);
        compare.Bytes(3, key);
        var put = new Message(stackalloc byte[512]);
        put.Bytes(1, key);
        put.Bytes(2, Value);
        var success = new Message(stackalloc byte[520]);
        success.Bytes(2, put.Written);
        var range = new Message(stackalloc byte[64]);
        range.Bytes(1, key);
        var failure = new Message(stackalloc byte[80]);
        failure.Bytes(1, range.Written);
        var message = new Message(scratch);
        message.Bytes(1, compare.Written);
        message.Bytes(2, success.Written);
        message.Bytes(3, failure.Written);
        return message.Written;
    }

    private static byte[] MakeValue()
    {
        var value = new byte[256];
        for (var i = 0; i < value.Length; i++)
        {
            value[i] = (byte)('a' + (i % 26));
        }
        return value;
    }
}

using Kv.Persistence.Io;
using Kv.Persistence.Wal;

namespace Kv.Persistence.Tests.Wal;

/// <summary>A log driven by one thread, batch by batch, and what it should contain.</summary>
internal static class WalFixture
{
    public const string Directory = "/wal";

    public static readonly WalOptions Small = new()
    {
        SegmentBytes = 2048, FirstSegmentBytes = 2048, PrepareAhead = false, NewLogId = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
    };

    /// <summary>Payload that holds no zero byte and differs from all others.</summary>
    public static byte[] Payload(int number, int length)
    {
        var payload = new byte[length];
        for (var i = 0; i < length; i++) payload[i] = (byte)(1 + (((number * 31) + (i * 7)) % 255));
        return payload;
    }

    public static List<byte[]> Replay(IDisk disk, WalOptions? options = null)
    {
        var records = new List<byte[]>();
        using var log = WalLog.Open(disk, Directory, options ?? Small, (in WalPosition _, byte _, ReadOnlySpan<byte> payload) => records.Add(payload.ToArray()), null);
        return records;
    }

    public static WalPosition[] Commit(WalLog log, IReadOnlyList<byte[]> payloads)
    {
        var batch = new byte[payloads.Sum(p => WalRecord.Size(p.Length))];
        var at = 0;
        foreach (var payload in payloads)
        {
            WalLog.Place(batch.AsSpan(at), payload.Length, 1);
            payload.CopyTo(batch, at + WalRecord.HeaderBytes);
            at += WalRecord.Size(payload.Length);
        }

        var positions = new WalPosition[payloads.Count];
        log.Commit(batch, positions);
        return positions;
    }

    public static void AssertSame(IReadOnlyList<byte[]> expected, IReadOnlyList<byte[]> actual, string context)
    {
        Assert.True(expected.Count == actual.Count, $"{actual.Count} records where {expected.Count} are expected; {context}");
        for (var i = 0; i < expected.Count; i++) Assert.True(expected[i].AsSpan().SequenceEqual(actual[i]), $"record {i} differs; {context}");
    }
}

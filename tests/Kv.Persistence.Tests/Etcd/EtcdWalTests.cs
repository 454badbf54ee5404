using System.Buffers.Binary;
using Kv.Persistence.Etcd;
using Kv.Persistence.Io;
using Kv.Persistence.Wal;
using Kv.Testing;

namespace Kv.Persistence.Tests.Etcd;

/// <summary>etcd's log as etcd writes it: read as it is, and nothing else taken for it.</summary>
public sealed class EtcdWalTests
{
    private const string Segment = "/wal/0000000000000000-0000000000000000.wal";
    private const string Second = "/wal/0000000000000001-0000000000000004.wal";

    [Fact]
    public void A_log_says_whose_it_is_where_it_stands_and_what_it_holds()
    {
        var wal = Read((Segment, new Builder().Restored().Entry(2, 2, data: []).Entry(2, 3, data: [0x22, 0]).State(2, 3).Bytes()));
        Assert.Equal((0x1111UL, 0x2222UL, 2UL, 3UL), (wal.NodeId, wal.ClusterId, wal.Term, wal.Commit));
        Assert.Equal((1UL, 1UL), (wal.SnapshotIndex, wal.SnapshotTerm));
        Assert.Equal(
            [new EtcdEntry(1, 1, true, false), new EtcdEntry(2, 2, false, false), new EtcdEntry(3, 2, false, true)],
            wal.Entries);
    }

    [Fact]
    public void An_entry_replaces_those_at_and_after_its_index()
    {
        var wal = Read((Segment, new Builder().Restored().Entry(1, 2, [1]).Entry(1, 3, [1]).Entry(2, 2, []).Bytes()));
        Assert.Equal([new EtcdEntry(1, 1, true, false), new EtcdEntry(2, 2, false, false)], wal.Entries);
    }

    [Fact]
    public void A_later_segment_goes_on_with_the_sum_of_the_one_before()
    {
        var first = new Builder().Restored();
        var second = new Builder(first.Crc).Entry(1, 2, [1]);
        Assert.Equal(2, Read((Segment, first.Bytes()), (Second, second.Bytes())).Entries.Count);
        // As etcd, which purges old segments: the first one there is may begin with any sum.
        Assert.Throws<DamagedFileException>(() => Read((Second, second.Bytes())));      // but it must say whose it is
        var other = new Builder(first.Crc + 1).Entry(1, 2, [1]);
        Assert.Throws<DamagedFileException>(() => Read((Segment, first.Bytes()), (Second, other.Bytes())));
    }

    [Fact]
    public void No_log_is_an_error() => Assert.Throws<DamagedFileException>(() => Read());

    [Fact]
    public void Every_flipped_bit_of_what_a_record_carries_is_found()
    {
        var builder = new Builder().Restored().Entry(2, 2, [1, 2, 3]).State(2, 2);
        var good = builder.Bytes();
        foreach (var (from, count) in builder.Carried)
        {
            for (var bit = from * 8; bit < (from + count) * 8; bit++)
            {
                var bad = good.ToArray();
                bad[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.Throws<DamagedFileException>(() => Read((Segment, bad)));
            }
        }
    }

    [Theory]
    [InlineData("0803", false)]                   // an id alone
    [InlineData("08011A020A00", true)]            // { 1: 1  3: … } a range
    [InlineData("A2060208012200", true)]          // { 100: …  4: … } a put
    [InlineData("0801120350555418", false)]       // { 1: 1  2: "PUT" … } a bare v2 request of etcd 3.4
    [InlineData("A20602080112020801", false)]     // { 100: …  2: … } a v2 request of etcd 3.4 with a header
    [InlineData("A20602080AA25105", true)]        // what cannot be read
    [InlineData("A2060208 01A25100", false)]      // { 100: …  1300: … } the cluster's version
    public void Requests_to_the_store_are_told_from_what_concerns_members(string hex, bool isRequest)
    {
        var wal = Read((Segment, new Builder().Restored().Entry(1, 2, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))).Bytes()));
        Assert.Equal(isRequest, wal.Entries[^1].IsRequest);
    }

    [Fact]
    public void A_cut_off_record_is_an_error_and_a_cut_between_records_is_the_end()
    {
        var builder = new Builder().Restored();
        var whole = builder.Length;
        var bytes = builder.Entry(2, 2, [1, 2, 3]).Bytes(padded: false);
        Assert.Single(Read((Segment, bytes[..whole])).Entries);
        for (var cut = whole + 8; cut < bytes.Length; cut++)
        {
            Assert.Throws<DamagedFileException>(() => Read((Segment, bytes[..cut])));
        }
    }

    private static EtcdWal Read(params (string Path, byte[] Bytes)[] files)
    {
        var disk = new SimDisk(1);
        disk.CreateDirectory("/wal");
        foreach (var (path, bytes) in files)
        {
            disk.Overwrite(path, bytes);
        }
        return EtcdWal.Read(disk, "/wal");
    }

    /// <summary>Writes records as etcd does.</summary>
    private sealed class Builder
    {
        private readonly List<byte> _bytes = [];

        public Builder(uint crc = 0)
        {
            Crc = crc;
            Frame([0x08, 4, 0x10, .. Varint(crc)]);
        }

        public uint Crc { get; private set; }

        public int Length => _bytes.Count;

        /// <summary>Where the records' data lies.</summary>
        public List<(int From, int Count)> Carried { get; } = [];

        /// <summary>What a restore leaves: whose it is, one member, committed, and a snapshot at it.</summary>
        public Builder Restored() => Record(1, [0x08, .. Varint(0x1111), 0x10, .. Varint(0x2222)])
            .Record(2, [0x08, 1, 0x10, 1, 0x18, 1, 0x22, 1, 7]).State(1, 1).Record(5, [0x08, 1, 0x10, 1]);

        public Builder Entry(ulong term, ulong index, byte[] data) =>
            Record(2, [0x08, 0, 0x10, .. Varint(term), 0x18, .. Varint(index), .. data.Length == 0 ? Array.Empty<byte>() : [0x22, (byte)data.Length, .. data]]);

        public Builder State(ulong term, ulong commit) => Record(3, [0x08, .. Varint(term), 0x10, 0, 0x18, .. Varint(commit)]);

        public byte[] Bytes(bool padded = true) => padded ? [.. _bytes, .. new byte[64]] : [.. _bytes];

        private Builder Record(int type, byte[] data)
        {
            Crc = Crc32C.Append(Crc, data);
            byte[] head = [0x08, (byte)type, 0x10, .. Varint(Crc), 0x1a, (byte)data.Length];
            Carried.Add((_bytes.Count + 8 + head.Length, data.Length));
            Frame([.. head, .. data]);
            return this;
        }

        private void Frame(byte[] record)
        {
            var padding = (8 - (record.Length % 8)) % 8;
            var frame = (long)record.Length | (padding == 0 ? 0 : (long)(0x80 | padding) << 56);
            var length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, frame);
            _bytes.AddRange([.. length, .. record, .. new byte[padding]]);
        }

        private static byte[] Varint(ulong value)
        {
            var bytes = new List<byte>();
            for (; value >= 0x80; value >>= 7)
            {
                bytes.Add((byte)(value | 0x80));
            }
            bytes.Add((byte)value);
            return [.. bytes];
        }
    }
}

using Kv.Persistence.Io;
using Kv.Persistence.Wal;
using Kv.Testing;

namespace Kv.Persistence.Tests.Wal;

public sealed class WalRecordTests
{
    [Fact]
    public void A_segment_is_laid_out_byte_for_byte_as_documented()
    {
        var disk = new SimDisk(1);
        using (var log = WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, null, null))
        {
            WalFixture.Commit(log, ["hello"u8.ToArray(), []]);
            WalFixture.Commit(log, ["0123456789abcdef"u8.ToArray()]);
        }

        var file = disk.ReadAll(WalDirectory.SegmentPath(WalFixture.Directory, 1));
        Assert.Equal(2048, file.Length);
        Assert.Equal(
            "4B5657414C534547" + "01000000" + "40000000" + "0100000000000000" + "0000000000000000" + "0008000000000000" + "00000000"
            + "00112233445566778899AABBCCDDEEFF",
            Convert.ToHexString(file.AsSpan(0, 60)));

        // length, crc (of type.. and payload), type and back, mark; payload; end marks
        Assert.Equal("05000000" + Crc(file, 64, 5, 0) + "01000000", Convert.ToHexString(file.AsSpan(64, 12)));
        Assert.Equal("68656C6C6F" + "E5E5E5E5E5E5E5E5E5E5E5", Convert.ToHexString(file.AsSpan(80, 16)));
        Assert.Equal("00000000" + Crc(file, 96, 0, Chain(file, 64)) + "01020000", Convert.ToHexString(file.AsSpan(96, 12)));   // 2 * 16 back
        Assert.Equal("10000000" + Crc(file, 128, 16, Chain(file, 96)) + "01000000", Convert.ToHexString(file.AsSpan(128, 12)));
        Assert.Equal("30313233343536373839616263646566" + "E5E5E5E5E5E5E5E5E5E5E5E5E5E5E5E5", Convert.ToHexString(file.AsSpan(144, 32)));
        Assert.False(file.AsSpan(176).ContainsAnyExcept((byte)0));
        Assert.Equal("A2286CCC", Convert.ToHexString(BitConverter.GetBytes(Crc32C.Of(file.AsSpan(0, 176)))));   // the whole, marks included
    }

    [Theory]
    [InlineData(0, 32)]
    [InlineData(15, 32)]
    [InlineData(16, 48)]
    [InlineData(31, 48)]
    public void A_record_always_ends_with_at_least_one_mark(int payload, int size) => Assert.Equal(size, WalRecord.Size(payload));

    [Fact]
    public void A_record_that_landed_elsewhere_is_not_taken_for_one()   // misdirected write
    {
        var record = new byte[WalRecord.Size(3)];
        WalRecord.Complete(record, 3, 1, 0, new WalPosition(1, 64, 0, 7));
        Assert.Equal(WalRead.Record, WalRecord.ReadHeader(record, 1, 64, out _));
        Assert.Equal(WalRead.BadHeader, WalRecord.ReadHeader(record, 1, 80, out _));
        Assert.Equal(WalRead.BadHeader, WalRecord.ReadHeader(record, 2, 64, out _));
    }

    [Fact]
    public void A_header_of_another_version_is_told_apart_from_damage()
    {
        var disk = new SimDisk(1);
        WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, null, null).Dispose();
        var path = WalDirectory.SegmentPath(WalFixture.Directory, 1);
        var file = disk.ReadAll(path);
        file[8] = 9;
        BitConverter.TryWriteBytes(file.AsSpan(60), Crc32C.Of(file.AsSpan(0, 60)));
        disk.Overwrite(path, file);
        var error = Assert.Throws<ForeignDirectoryException>(() => WalFixture.Replay(disk));
        Assert.Contains("version is 9", error.Message, StringComparison.Ordinal);
    }

    private static string Crc(byte[] file, int at, int length, uint seed) =>
        Convert.ToHexString(BitConverter.GetBytes(Crc32C.Append(seed, file.AsSpan(at + 8, 8 + length))));

    private static uint Chain(byte[] file, int at) => BitConverter.ToUInt32(file, at + 4);
}

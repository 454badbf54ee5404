using Kv.Persistence.Io;
using Kv.Persistence.Wal;
using Kv.Testing;

namespace Kv.Persistence.Tests.Wal;

/// <summary>Every cut point and every flipped bit of a small log: exactly a prefix, or refused with file and offset.</summary>
public sealed class WalDamageTests
{
    private static readonly string First = WalDirectory.SegmentPath(WalFixture.Directory, 1);

    /// <summary>Three writes of 1, 3 and 2 records in one segment.</summary>
    private static (byte[] File, List<byte[]> Records, WalPosition[] Positions, long End) Small()
    {
        var disk = new SimDisk(1);
        using var log = WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, null, null);
        var records = new List<byte[]>();
        var positions = new List<WalPosition>();
        foreach (var batch in new[] { new[] { 40 }, [70, 5, 600], [33, 210] })
        {
            var payloads = batch.Select(length => WalFixture.Payload(records.Count + length, length)).ToArray();
            positions.AddRange(WalFixture.Commit(log, payloads));
            records.AddRange(payloads);
        }

        return (disk.ReadAll(First), records, [.. positions], log.Next.Offset);
    }

    private static SimDisk With(byte[] file)
    {
        var disk = new SimDisk(1);
        disk.CreateDirectory(WalFixture.Directory);
        disk.Overwrite(First, file);
        return disk;
    }

    [Fact]
    public void A_write_torn_at_any_byte_leaves_exactly_the_records_before_it()
    {
        var (file, records, positions, end) = Small();
        for (var cut = (int)SegmentHeader.Bytes; cut <= end; cut++)
        {
            var torn = file.ToArray();
            torn.AsSpan(cut).Clear();
            var disk = With(torn);
            var whole = positions.Count(p => p.Offset + WalRecord.Size(records[(int)p.Index].Length) <= cut);
            var replayed = new List<byte[]>();
            using (var log = WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, (in WalPosition _, byte _, ReadOnlySpan<byte> payload) => replayed.Add(payload.ToArray()), null))
            {
                WalFixture.AssertSame(records.Take(whole).ToList(), replayed, $"cut at {cut}");
                var clean = cut == (whole == records.Count ? end : positions[whole].Offset);
                Assert.Equal(clean ? null : First, log.Recovery.CutFile);
                WalFixture.Commit(log, ["after"u8.ToArray()]);
            }

            WalFixture.AssertSame([.. records.Take(whole), "after"u8.ToArray()], WalFixture.Replay(disk), $"after a cut at {cut}");
        }
    }

    [Fact]
    public void A_segment_file_of_any_other_length_is_refused()
    {
        var (file, _, _, _) = Small();
        for (var length = 0; length < file.Length; length += 7)
        {
            var error = Assert.Throws<DamagedFileException>(() => WalFixture.Replay(With(file[..length])));
            Assert.Equal(First, error.File);
        }
    }

    [Fact]
    public void Every_flipped_bit_is_refused_with_file_and_offset_or_lies_behind_the_end()
    {
        var (file, records, _, end) = Small();
        for (var bit = 0; bit < file.Length * 8; bit++)
        {
            var flipped = file.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            var disk = With(flipped);
            if (bit / 8 >= end)
            {
                WalFixture.AssertSame(records, WalFixture.Replay(disk), $"bit {bit}");
                continue;
            }

            try
            {
                WalFixture.Replay(disk);
                Assert.Fail($"bit {bit} (offset {bit / 8}) went unnoticed");
            }
            catch (DamagedFileException e)
            {
                Assert.Equal(First, e.File);
                Assert.InRange(e.Offset, 0, bit / 8);
            }
            catch (ForeignDirectoryException e) when (bit / 8 is >= 8 and < 12)
            {
                Assert.Contains("version", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_lost_sector_is_a_tear_in_the_last_write_and_damage_before_it()
    {
        var (file, records, positions, end) = Small();
        var lastWrite = positions[^2].Offset;
        for (var sector = 0L; sector < end; sector += 512)
        {
            var lost = file.ToArray();
            var from = (int)Math.Max(sector, SegmentHeader.Bytes);
            lost.AsSpan(from..(int)Math.Min(sector + 512, lost.Length)).Clear();
            if (sector + 512 <= lastWrite)
            {
                Assert.Throws<DamagedFileException>(() => WalFixture.Replay(With(lost)));
                continue;
            }

            // The sector that also holds the last write's first header takes the only witness with it: a tear, as far as anyone can tell.
            WalFixture.AssertSame(records.Where((r, i) => positions[i].Offset + WalRecord.Size(r.Length) <= from).ToList(), WalFixture.Replay(With(lost)), $"sector {sector}");
        }
    }

    [Fact]
    public void A_missing_segment_is_refused_whichever_it_is()
    {
        foreach (var lost in new[] { 1L, 2, 3, 4 })
        {
            var disk = new SimDisk(1);
            using (var log = WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, null, null))
            {
                for (var i = 0; log.Next.Sequence < 4; i++) WalFixture.Commit(log, [WalFixture.Payload(i, 300)]);
            }

            disk.Delete(WalDirectory.SegmentPath(WalFixture.Directory, lost));
            var error = Assert.Throws<DamagedFileException>(() => WalFixture.Replay(disk));
            Assert.Equal(WalDirectory.SegmentPath(WalFixture.Directory, lost), error.File);
            Assert.Contains("missing", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_end_of_a_segment_that_is_not_the_last_may_not_be_wiped()
    {
        var disk = new SimDisk(1);
        long end;
        using (var log = WalLog.Open(disk, WalFixture.Directory, WalFixture.Small, null, null))
        {
            WalPosition last = default;
            for (var i = 0; log.Next.Sequence < 2; i++)
            {
                var position = WalFixture.Commit(log, [WalFixture.Payload(i, 300)])[0];
                if (position.Sequence == 1) last = position;
            }

            end = last.Offset;
        }

        var file = disk.ReadAll(First);
        file.AsSpan((int)end).Clear();
        disk.Overwrite(First, file);
        var error = Assert.Throws<DamagedFileException>(() => WalFixture.Replay(disk));
        Assert.Equal((First, end), (error.File, error.Offset));
    }

    [Fact]
    public void A_segment_of_another_log_is_refused()
    {
        var disks = new[] { new SimDisk(1), new SimDisk(1) };
        for (var i = 0; i < 2; i++)
        {
            using var log = WalLog.Open(disks[i], WalFixture.Directory, WalFixture.Small with { NewLogId = new Guid(i, 0, 0, new byte[8]) }, null, null);
            for (var n = 0; log.Next.Sequence < 2; n++) WalFixture.Commit(log, [WalFixture.Payload(n, 300)]);
        }

        var second = WalDirectory.SegmentPath(WalFixture.Directory, 2);
        disks[0].Overwrite(second, disks[1].ReadAll(second));
        Assert.Contains("another log", Assert.Throws<DamagedFileException>(() => WalFixture.Replay(disks[0])).Message, StringComparison.Ordinal);
    }
}

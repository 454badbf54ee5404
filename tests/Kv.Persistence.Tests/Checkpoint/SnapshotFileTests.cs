using Kv.Persistence.Bolt;
using Kv.Persistence.Checkpoint;
using Kv.Persistence.Io;
using Kv.Testing;
using Xunit;

namespace Kv.Persistence.Tests.Checkpoint;

/// <summary>A state on its way from one disk to another, piece by piece, while it is still being written.</summary>
public sealed class SnapshotFileTests
{
    private const string Sent = "/snap/0000000000000009-0000000000000002.kvsnap.tmp", Part = "/snap/aa.kvsnap.part", Received = "/snap/0000000000000009-0000000000000002.kvsnap";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_is_sent_while_it_is_written_arrives_as_it_was_written_however_it_is_cut_and_broken_off(int seed)
    {
        var random = new Random(seed);
        var records = Enumerable.Range(0, random.Next(0, 3000)).Select(i => (Key: BitConverter.GetBytes(i).Reverse().ToArray(), Value: new byte[random.Next(0, 900)])).ToList();
        records.ForEach(record => random.NextBytes(record.Value));
        var (here, there) = (NewDisk(seed), NewDisk(seed + 100));
        var part = SnapshotPart.Open(there, Part);
        var image = SnapshotImage.Create(here, Sent);
        var grown = 0;
        void Send()
        {
            while (part.Offset < image.Body.Bytes)
            {
                part.Append(image.Read(part.Offset, (int)Math.Min(random.Next(1, 100_000), image.Body.Bytes - part.Offset)));
                if (random.Next(10) == 0)
                {
                    part.Dispose();
                    part = SnapshotPart.Open(there, Part);     // part of a page is given up: it comes again
                }
            }
        }

        image.Write(
            writer => Write(writer, records),
            () =>
            {
                grown++;
                Assert.False(image.Body.IsWhole);
                Send();
            });
        Assert.True(grown > 0, $"seed {seed}");
        Send();
        Assert.True(part.Finish(image.Tail.Span), $"seed {seed}");
        part.Sync();
        part.Dispose();
        image.Release();
        there.Rename(Part, Received);
        Assert.Equal(here.ReadAll(Sent), there.ReadAll(Received));
        using var reader = SnapshotFile.Open(there, Received);
        var bucket = reader.Bucket("key"u8)!;
        Assert.All(records, record => Assert.Equal(record.Value, reader.Get(bucket, record.Key)));
    }

    /// <summary>A sender that took "whole" for the bytes it had looked up before sent the tail too early.</summary>
    [Fact]
    public void Who_finds_an_image_whole_finds_all_of_its_body()
    {
        var disk = NewDisk(5);
        for (var i = 0; i < 100; i++)
        {
            var image = SnapshotImage.Create(disk, Sent);
            (long Bytes, bool IsWhole) seen = default;
            var reader = new Thread(() =>
            {
                while (!seen.IsWhole) seen = image.Body;
            });
            reader.Start();
            image.Write(static writer => Write(writer, [([1], new byte[20_000])]), static () => { });
            reader.Join();
            Assert.Equal(image.Body, seen);
        }
    }

    [Fact]
    public void A_part_that_a_crash_left_with_its_tail_or_with_half_a_page_is_gone_on_with()
    {
        var disk = NewDisk(1);
        var image = Image(disk);
        foreach (var crash in (Action<SnapshotPart>[])[part => part.Finish(image.Tail.Span), static part => part.Append(new byte[100])])
        {
            using (var part = SnapshotPart.Open(disk, Part))
            {
                part.Append(image.Read(0, (int)image.Body.Bytes));
                crash(part);
            }

            using (var part = SnapshotPart.Open(disk, Part))
            {
                Assert.Equal(image.Body.Bytes, part.Offset);
                Assert.True(part.Finish(image.Tail.Span));
            }

            SnapshotFile.Open(disk, Part).Dispose();
            disk.Delete(Part);
        }
    }

    [Fact]
    public void What_is_not_what_was_sent_is_no_snapshot()
    {
        var disk = NewDisk(2);
        var image = Image(disk);
        var (body, tail) = (image.Read(0, (int)image.Body.Bytes), image.Tail.ToArray());
        for (var at = 0; at < body.Length; at += 501) Assert.False(Arrives(Changed(body, at), tail), $"body {at}");
        for (var at = 0; at < tail.Length; at += 7) Assert.False(Arrives(body, Changed(tail, at)), $"tail {at}");
        Assert.False(Arrives(body, tail[..^1]));
        Assert.False(Arrives(body[..^4096], tail));
        Assert.True(Arrives(body, tail));

        bool Arrives(byte[] sent, byte[] last)
        {
            if (disk.FileExists(Part)) disk.Delete(Part);
            using var part = SnapshotPart.Open(disk, Part);
            part.Append(sent);
            return part.Finish(last);
        }
    }

    [Fact]
    public void A_received_snapshot_that_rots_is_refused_with_its_name()
    {
        var disk = NewDisk(3);
        Image(disk).Release();
        var whole = disk.ReadAll(Sent);
        for (var at = 0; at < whole.Length; at += 509)
        {
            Store(Changed(whole, at));
            Assert.Contains(Received, Assert.Throws<DamagedFileException>(() => SnapshotFile.Open(disk, Received)).Message, StringComparison.Ordinal);
        }

        Store(whole[..^1]);
        Assert.Throws<DamagedFileException>(() => SnapshotFile.Open(disk, Received));

        void Store(byte[] bytes)
        {
            if (disk.FileExists(Received)) disk.Delete(Received);
            using var file = disk.Open(Received, DiskOpen.Create);
            file.Write(bytes, 0);
        }
    }

    [Fact]
    public void A_disk_that_fills_up_fails_the_image()
    {
        var disk = NewDisk(4);
        disk.CapacityBytes = 20_000;
        var image = SnapshotImage.Create(disk, Sent);
        Assert.ThrowsAny<IOException>(() => image.Write(static writer => Write(writer, [([1], new byte[100_000])]), static () => { }));
        Assert.False(image.Body.IsWhole);
    }

    private static SimDisk NewDisk(int seed)
    {
        var disk = new SimDisk(seed);
        disk.CreateDirectory("/snap");
        return disk;
    }

    private static SnapshotImage Image(SimDisk disk)
    {
        var image = SnapshotImage.Create(disk, Sent);
        image.Write(static writer => Write(writer, [.. Enumerable.Range(1, 40).Select(static i => ((byte[])[(byte)i], new byte[300 + i]))]), static () => { });
        return image;
    }

    private static byte[] Changed(byte[] bytes, int at)
    {
        var changed = (byte[])bytes.Clone();
        changed[at] ^= 0x10;
        return changed;
    }

    private static void Write(BoltWriter writer, List<(byte[] Key, byte[] Value)> records)
    {
        writer.BeginBucket("key"u8);
        records.ForEach(record => writer.Add(record.Key, record.Value));
        writer.EndBucket();
    }
}

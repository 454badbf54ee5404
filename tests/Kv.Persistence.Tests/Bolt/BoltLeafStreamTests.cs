using Kv.Persistence.Bolt;

namespace Kv.Persistence.Tests.Bolt;

/// <summary>A database taken apart while it comes.</summary>
public sealed class BoltLeafStreamTests
{
    [Fact]
    public void However_it_is_cut_each_leaf_comes_once_in_order_and_with_its_records()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var random = new Random(seed);
            var file = Write(random, buckets: random.Next(1, 4), records: random.Next(seed % 10 == 0 ? 20_000 : 400));
            using var reader = new BoltReader(BoltSource.From(file));
            var (ids, records) = (new List<ulong>(), new List<(byte[] Key, byte[] Value)>());
            var stream = new BoltLeafStream();
            var most = random.Next(1, 30_000);
            for (var at = 2 * BoltWriter.DefaultPageSize; at < file.Length;)
            {
                var bytes = Math.Min(random.Next(1, most + 1), file.Length - at);
                stream.Append(
                    file.AsSpan(at, bytes),
                    leaf =>
                    {
                        ids.Add(leaf.Id);
                        for (var i = 0; i < leaf.Count; i++)
                        {
                            if (leaf.TryRead(i, out var key, out var value)) records.Add((key.ToArray(), value.ToArray()));
                        }
                    });
                at += bytes;
            }

            var names = reader.BucketNames();
            Assert.Equal(
                names.Select(name => reader.Bucket(name)!).SelectMany(reader.LeafPages).Append(reader.Meta.Root).Order(), ids);
            var expected = new List<(byte[] Key, byte[] Value)>();
            foreach (var name in names)
            {
                Assert.True(reader.LeafPages(reader.Bucket(name)!).SequenceEqual(reader.LeafPages(reader.Bucket(name)!).Order()), $"seed {seed}");
                var cursor = reader.Open(reader.Bucket(name)!);
                while (cursor.MoveNext()) expected.Add((cursor.Key.ToArray(), cursor.Value.ToArray()));
            }

            Assert.True(expected.Count == records.Count, $"seed {seed}");
            Assert.All(expected.Zip(records), pair => Assert.True(pair.First.Key.SequenceEqual(pair.Second.Key) && pair.First.Value.SequenceEqual(pair.Second.Value)));
        }
    }

    [Theory]
    [InlineData(0)]           // the page's number
    [InlineData(15)]          // its overflow: more than there can be
    [InlineData(13)]          // its overflow: 133 MB, more than a record has
    public void Bytes_that_are_no_pages_in_a_row_are_refused(int at)
    {
        var file = Write(new Random(1), buckets: 1, records: 100);
        file[(4 * BoltWriter.DefaultPageSize) + at] ^= 0x7f;
        var stream = new BoltLeafStream();
        Assert.Throws<InvalidDataException>(() => stream.Append(file.AsSpan(2 * BoltWriter.DefaultPageSize), static _ => { }));
    }

    [Fact]
    public void A_record_over_the_end_of_its_page_and_a_bucket_are_no_records()
    {
        var file = Write(new Random(1), buckets: 1, records: 1);
        file[(3 * BoltWriter.DefaultPageSize) + BoltPageHeader.Bytes + 14] = 1;        // 64 KiB longer
        var read = new List<bool>();
        new BoltLeafStream().Append(file.AsSpan(2 * BoltWriter.DefaultPageSize), leaf => read.Add(leaf.TryRead(0, out _, out _) || leaf.TryRead(leaf.Count + 300, out _, out _)));
        Assert.Equal([false, false], read);
    }

    private static byte[] Write(Random random, int buckets, int records)
    {
        using var stream = new MemoryStream();
        var writer = new BoltWriter(stream);
        for (var bucket = 0; bucket < buckets; bucket++)
        {
            writer.BeginBucket([(byte)('a' + bucket)]);
            for (var i = 0; i < records; i++)
            {
                var value = new byte[random.Next(random.Next(30) == 0 ? 20_000 : 60)];
                random.NextBytes(value);
                writer.Add([(byte)(i >> 16), (byte)(i >> 8), (byte)i], value);
            }

            writer.EndBucket();
        }

        writer.Finish();
        return stream.ToArray();
    }
}

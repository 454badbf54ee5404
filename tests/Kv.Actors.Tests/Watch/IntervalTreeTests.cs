using Kv.Actors.Model;
using Kv.Actors.Watch;
using Xunit;

namespace Kv.Actors.Tests.Watch;

public sealed class IntervalTreeTests
{
    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 40)]
    [InlineData(3, 2000)]
    [InlineData(4, 2000)]
    public void A_stab_finds_exactly_the_ranges_that_hold_the_key(int seed, int space)
    {
        var random = new Random(seed);
        var tree = new IntervalTree<int>();
        var model = new Dictionary<int, (KeyRange Range, IntervalTree<int>.Entry Entry)>();
        byte[] Key() => [.. BitConverter.GetBytes((ushort)random.Next(space)).Reverse().Take(random.Next(1, 3))];
        for (var step = 0; step < 4000; step++)
        {
            if (random.Next(5) < 3 || model.Count == 0)
            {
                var range = random.Next(5) switch
                {
                    0 => KeyRange.Of(Key()),
                    1 => new KeyRange(Key(), [0]),
                    2 => KeyRange.Prefix(Key()),
                    _ => new KeyRange(Key(), Key()),
                };
                if (range.IsEmpty)
                {
                    continue;
                }
                model.Add(step, (range, tree.Add(range, step)));
            }
            else
            {
                var gone = model.Keys.ElementAt(random.Next(model.Count));
                tree.Remove(model[gone].Entry);
                model.Remove(gone);
            }
            Assert.Equal(model.Count, tree.Count);
            if (step % 16 == 0)
            {
                Assert.True(tree.IsConsistent(), $"seed {seed} step {step}");
                var key = Key();
                var found = new List<int>();
                tree.Stab(key, found);
                found.Sort();
                var expected = model.Where(m => m.Value.Range.Contains(key)).Select(m => m.Key).Order();
                Assert.True(expected.SequenceEqual(found), $"seed {seed} step {step}");
            }
        }
        foreach (var (_, entry) in model.Values)
        {
            tree.Remove(entry);
        }
        Assert.Equal(0, tree.Count);
        Assert.Equal(0, tree.RangeCount);
        Assert.True(tree.IsConsistent());
    }

    [Fact]
    public void Watchers_of_one_range_share_a_node_and_an_empty_range_is_refused()
    {
        var tree = new IntervalTree<int>();
        var entries = Enumerable.Range(0, 1000).Select(i => tree.Add(KeyRange.Prefix("k"u8.ToArray()), i)).ToList();
        Assert.Equal(1, tree.RangeCount);
        var found = new List<int>();
        tree.Stab("kk"u8.ToArray(), found);
        Assert.Equal(1000, found.Count);
        Assert.Throws<ArgumentException>(() => tree.Add(new KeyRange("b"u8.ToArray(), "a"u8.ToArray()), 1));
        entries.ForEach(tree.Remove);
        Assert.Equal(0, tree.RangeCount);
    }
}

using System.Text;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Xunit;

namespace Kv.Actors.Tests.Mvcc;

public sealed class KeyTreeTests
{
    /// <summary>Thousands of keys, so that nodes split, merge and share beginnings, with roots kept from along the way.</summary>
    [Theory]
    [InlineData(1, 40)]         // short keys: equal marks, keys that begin other keys
    [InlineData(2, 4000)]
    [InlineData(3, 100_000)]    // a first child that took in keys below its bound and was split there put separators out of order
    public void Finds_counts_and_order_match_a_sorted_dictionary_and_old_roots_stay_as_they_were(int seed, int keySpace)
    {
        var random = new Random(seed);
        var tree = new KeyTree();
        var model = new SortedDictionary<string, bool>(StringComparer.Ordinal);
        var pinned = new List<(KeyNode Root, SortedDictionary<string, bool> Model)>();
        for (var step = 0; step < 30_000; step++)
        {
            var shrinking = step / 5000 % 2 == 1;
            var key = Key(random.Next(keySpace));
            var live = random.Next(3) > 0;
            var there = tree.Open(Bytes(key)) is not null;
            Assert.True(there == model.ContainsKey(key), $"seed {seed}, step {step}, key {key}");
            if (there && random.Next(10) < (shrinking ? 8 : 2))
            {
                tree.Remove();
                model.Remove(key);
            }
            else if (there)
            {
                tree.Replace(Slot(key), live);
                model[key] = live;
            }
            else if (!shrinking || random.Next(4) == 0)
            {
                tree.Insert(Slot(key), live);
                model[key] = live;
            }
            if (random.Next(300) == 0)
            {
                tree.Seal();
                if (random.Next(10) == 0)
                {
                    pinned.Add((tree.Root, new SortedDictionary<string, bool>(model, StringComparer.Ordinal)));
                }
            }
        }
        foreach (var key in model.Keys.ToList())
        {
            if (random.Next(50) > 0)
            {
                Assert.NotNull(tree.Open(Bytes(key)));
                tree.Remove();
                model.Remove(key);
            }
        }
        pinned.Add((tree.Root, model));
        foreach (var (root, then) in pinned)
        {
            Check(root, then, random, keySpace, seed);
        }
        static string Key(int number) => number % 3 == 0 ? $"/registry/pods/ns-{number % 7}/pod-{number}" : number % 3 == 1 ? $"{number}" : $"{number}\0\0";
    }

    [Fact]
    public void Ascending_keys_fill_their_leaves()
    {
        var tree = new KeyTree();
        for (var i = 0; i < 64 * 64; i++)
        {
            var key = Encoding.ASCII.GetBytes($"key-{i:d8}");
            tree.Open(key);
            tree.Insert(Slot(key), live: true);
        }
        var root = Assert.IsType<BranchNode>(tree.Root);
        Assert.All(Enumerable.Range(0, root.Count), child => Assert.Equal(64, root.Children[child].Count));
    }

    [Fact]
    public void Descending_keys_are_all_found()
    {
        var tree = new KeyTree();
        for (var i = 20_000; i > 0; i--)
        {
            Assert.Null(tree.Open(Bytes($"{i:d6}")));
            tree.Insert(Slot($"{i:d6}"), live: true);
        }
        AssertShape(tree.Root, isRoot: true);
        Assert.All(Enumerable.Range(1, 20_000), i => Assert.NotNull(KeyTree.Find(tree.Root, Bytes($"{i:d6}"))));
        Assert.Equal(20_000, tree.Root.Live);
    }

    /// <summary>Whole branches shrink, lose their first children, take in keys below them, merge and split again.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void Spans_cut_out_and_filled_again_leave_a_sound_tree(int seed)
    {
        var random = new Random(seed);
        var tree = new KeyTree();
        var model = new HashSet<int>();
        for (var round = 0; round < 60; round++)
        {
            var from = random.Next(60_000);
            var length = random.Next(1, 12_000);
            var cut = round > 4 && random.Next(5) < 3;
            var step = cut ? 1 : random.Next(1, 4);
            for (var i = from; i < from + length; i += step)
            {
                var key = Bytes($"{i:d6}");
                var there = tree.Open(key) is not null;
                Assert.True(there == model.Contains(i), $"seed {seed}, round {round}, key {i}");
                if (cut && there && random.Next(40) > 0)
                {
                    tree.Remove();
                    model.Remove(i);
                }
                else if (!cut && !there)
                {
                    tree.Insert(Slot(key), live: true);
                    model.Add(i);
                }
            }
            tree.Seal();
            AssertShape(tree.Root, isRoot: true);
            Assert.Equal(model.Count, tree.Root.Live);
        }
        Assert.All(model, i => Assert.NotNull(KeyTree.Find(tree.Root, Bytes($"{i:d6}"))));
    }

    /// <summary>A branch that lost its first child takes in a key below its own bound, then joins the branch before it.</summary>
    [Fact]
    public void A_branch_that_joins_another_brings_the_bound_its_parent_knew()
    {
        var tree = new KeyTree();
        for (var i = 0; i < 3 * 4096; i++)          // ascending: 64 keys a leaf, 64 leaves a branch
        {
            tree.Open(Bytes($"{i:d6}"));
            tree.Insert(Slot($"{i:d6}"), live: true);
        }
        Remove(4096, 4096 + 64);                    // the second branch's first leaf
        Remove(4096 + 64, 4096 + 64 + 24);          // room in the next, so that it takes a key without being split
        tree.Open(Bytes("004100"));
        tree.Insert(Slot("004100"), live: true);
        var children = Assert.IsType<BranchNode>(tree.Root).Count;
        Remove(0, 44 * 64);
        Remove(4096 + (14 * 64), 2 * 4096);
        Assert.Equal(children - 1, Assert.IsType<BranchNode>(tree.Root).Count);
        AssertShape(tree.Root, isRoot: true);
        Assert.NotNull(KeyTree.Find(tree.Root, Bytes("004100")));

        void Remove(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                Assert.NotNull(tree.Open(Bytes($"{i:d6}")));
                tree.Remove();
            }
        }
    }

    [Fact]
    public void An_emptied_tree_is_one_empty_leaf_and_goes_on()
    {
        var tree = new KeyTree();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 10_000; i++)
            {
                tree.Open(Bytes($"{i}"));
                tree.Insert(Slot($"{i}"), live: true);
            }
            for (var i = 0; i < 10_000; i++)
            {
                Assert.NotNull(tree.Open(Bytes($"{i}")));
                tree.Remove();
            }
            Assert.Equal(0, Assert.IsType<LeafNode>(tree.Root).Count);
        }
    }

    private static void Check(KeyNode root, SortedDictionary<string, bool> model, Random random, int keySpace, int seed)
    {
        Assert.Equal(model.Count(pair => pair.Value), root.Live);
        AssertShape(root, isRoot: true);
        var all = model.Keys.ToList();
        for (var i = 0; i < 60; i++)
        {
            var from = i == 0 ? "\0" : $"{random.Next(keySpace)}"[..random.Next(1, 2)] + random.Next(10);
            var end = i % 3 == 0 ? "\0" : $"{random.Next(keySpace)}~"[..random.Next(1, 3)];
            var range = new KeyRange(Bytes(from), Bytes(end));
            var expected = all.Where(key => range.Contains(Bytes(key))).ToList();
            var found = new List<string>();
            var cursor = new KeyCursor(root, range);
            while (cursor.MoveNext())
            {
                var key = Text(KeySlot.Key(cursor.Slot));
                Assert.Equal(model[key], cursor.IsLive);
                found.Add(key);
            }
            Assert.True(expected.SequenceEqual(found), $"seed {seed}, range {from} to {end}");
            Assert.Equal(expected.Count(key => model[key]), RangeReader.CountLive(root, range));
            var backwards = new List<string>();
            if (!range.IsEmpty)
            {
                var back = KeyCursor.AtEnd(root, range);
                while (backwards.Count < expected.Count && back.MovePrevious())
                {
                    backwards.Add(Text(KeySlot.Key(back.Slot)));
                }
                backwards.Reverse();
            }
            Assert.True(expected.SequenceEqual(backwards), $"seed {seed}, backwards, range {from} to {end}");
        }
        foreach (var key in all.Where((_, i) => i % 37 == 0))
        {
            Assert.Equal(key, Text(KeySlot.Key(KeyTree.Find(root, Bytes(key))!)));
            var cursor = new KeyCursor(root, KeyRange.Of(Bytes(key)));
            Assert.True(cursor.MoveNext() && Text(KeySlot.Key(cursor.Slot)) == key && !cursor.MoveNext());
            var missing = new KeyCursor(root, KeyRange.Of(Bytes(key + "\u0001")));
            Assert.False(missing.MoveNext());
        }
    }

    /// <summary>Same depth everywhere, counts that add up, and every key within the bounds its ancestors route by.</summary>
    private static int AssertShape(KeyNode node, bool isRoot, byte[]? lower = null, byte[]? upper = null)
    {
        if (node is not BranchNode branch)
        {
            Assert.True(isRoot || node.Count > 0);
            for (var i = 0; i < node.Count; i++)
            {
                var key = node.KeyAt(i);
                Assert.True(i == 0 || node.KeyAt(i - 1).AsSpan().SequenceCompareTo(key) < 0, "keys out of order");
                Assert.True(lower is null || key.AsSpan().SequenceCompareTo(lower) >= 0, "key below its node's bound");
                Assert.True(upper is null || key.AsSpan().SequenceCompareTo(upper) < 0, "key above its node's bound");
            }
            return 1;
        }
        Assert.True(branch.Count >= (isRoot ? 2 : 1));
        var depths = new HashSet<int>();
        for (var i = 0; i < branch.Count; i++)
        {
            Assert.Equal(branch.Children[i].Live, branch.LiveBelow[i]);
            Assert.True(i == 0 || branch.Separators[i - 1].AsSpan().SequenceCompareTo(branch.Separators[i]) < 0, "separators out of order");
            depths.Add(AssertShape(
                branch.Children[i],
                isRoot: false,
                i == 0 ? lower : branch.Separators[i],
                i + 1 == branch.Count ? upper : branch.Separators[i + 1]));
        }
        return Assert.Single(depths) + 1;
    }

    private static KeyVersion Slot(string key) => Slot(Bytes(key));

    private static KeyVersion Slot(byte[] key) => KeyVersion.Tombstone(key, new Revision(1, 0));

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}

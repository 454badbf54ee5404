using System.Text;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Lease;

public sealed class LeaseTableTests
{
    [Theory]
    [InlineData(100, 10, 2)]        // etcd's defaults: 15 x 100 ms
    [InlineData(100, 50, 8)]        // 75 x 100 ms
    [InlineData(500, 3, 2)]         // floor(4.5) x 500 ms
    [InlineData(10, 10, 1)]
    public void The_minimum_ttl_outlives_an_election(int heartbeatMs, int ticks, long expected) =>
        Assert.Equal(expected, LeaseTable.MinimumTtlSeconds(TimeSpan.FromMilliseconds(heartbeatMs), ticks));

    [Theory]
    [InlineData(60, 60)]
    [InlineData(1, 2)]
    [InlineData(0, 2)]
    [InlineData(-5, 2)]
    [InlineData(9_000_000_000, 9_000_000_000)]
    public void A_ttl_below_the_minimum_is_raised(long asked, long granted)
    {
        var table = new LeaseTable(2);
        Assert.Equal(KvError.None, table.Grant(new LeaseId(-7), asked, out var ttl));
        Assert.Equal(granted, ttl);
        Assert.True(table.TryGet(new LeaseId(-7), out var stored));
        Assert.Equal(granted, stored);
    }

    [Fact]
    public void A_grant_refuses_ids_in_use_and_ttls_out_of_range()
    {
        var table = new LeaseTable(2);
        Assert.Equal(KvError.None, table.Grant(new LeaseId(1), 10, out _));
        Assert.Equal(KvError.LeaseExist, table.Grant(new LeaseId(1), 10, out var none));
        Assert.Equal(0, none);
        Assert.Equal(KvError.LeaseTTLTooLarge, table.Grant(new LeaseId(2), 9_000_000_001, out _));
        Assert.Equal(KvError.LeaseNotFound, table.Grant(LeaseId.None, 10, out _));
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void A_revoke_answers_the_keys_in_ascending_order_and_only_once()
    {
        var table = new LeaseTable(2);
        table.Grant(new LeaseId(1), 10, out _);
        foreach (var key in new[] { "c", "a", "b", "aa", "a" })
        {
            table.Attach(new LeaseId(1), Encoding.UTF8.GetBytes(key));
        }
        table.Detach(new LeaseId(1), "b"u8.ToArray());
        table.Detach(new LeaseId(1), "never"u8.ToArray());
        table.Detach(new LeaseId(9), "a"u8.ToArray());
        Assert.Equal(["a", "aa", "c"], table.KeysOf(new LeaseId(1)).Select(Encoding.UTF8.GetString));
        Assert.Equal(KvError.None, table.Revoke(new LeaseId(1), out var keys));
        Assert.Equal(["a", "aa", "c"], keys.Select(Encoding.UTF8.GetString));
        Assert.Equal(KvError.LeaseNotFound, table.Revoke(new LeaseId(1), out keys));
        Assert.Empty(keys);
        Assert.Empty(table.KeysOf(new LeaseId(1)));
        Assert.Throws<InvalidOperationException>(() => table.Attach(new LeaseId(1), [1]));
    }

    [Fact]
    public void A_loaded_lease_is_raised_to_the_minimum_and_listed_once()
    {
        var table = new LeaseTable(5);
        table.Load(new LeaseFact(new LeaseId(3), 1, 1));
        Assert.Equal([new LeaseFact(new LeaseId(3), 5, 1)], table.View().InOrder());
        Assert.Throws<InvalidDataException>(() => table.Load(new LeaseFact(new LeaseId(3), 9, 0)));
        Assert.Throws<InvalidDataException>(() => table.Load(new LeaseFact(LeaseId.None, 9, 0)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Table_and_every_view_ever_taken_match_a_naive_model(int seed)
    {
        var random = new Random(seed);
        var table = new LeaseTable(2);
        var model = new SortedDictionary<long, (long Ttl, long Remaining, SortedSet<string> Keys)>();
        var views = new List<(LeaseView View, LeaseFact[] Expected)>();
        for (var step = 0; step < 6000; step++)
        {
            var id = random.Next(1, 3000);
            var lease = new LeaseId(id);
            var key = $"k{random.Next(40)}";
            switch (random.Next(12))
            {
                case < 5:
                    var ttl = random.Next(1, 100);
                    Assert.Equal(model.ContainsKey(id) ? KvError.LeaseExist : KvError.None, table.Grant(lease, ttl, out _));
                    model.TryAdd(id, (Math.Max(2, ttl), 0, new SortedSet<string>(StringComparer.Ordinal)));
                    break;
                case < 7:
                    var error = table.Revoke(lease, out var keys);
                    Assert.Equal(model.ContainsKey(id) ? KvError.None : KvError.LeaseNotFound, error);
                    Assert.True(
                        keys.Select(Encoding.UTF8.GetString).SequenceEqual(model.TryGetValue(id, out var gone) ? gone.Keys : []),
                        $"seed {seed} step {step}");
                    model.Remove(id);
                    break;
                case < 9 when model.ContainsKey(id):
                    table.Attach(lease, Encoding.UTF8.GetBytes(key));
                    model[id].Keys.Add(key);
                    break;
                case < 10:
                    table.Detach(lease, Encoding.UTF8.GetBytes(key));
                    if (model.TryGetValue(id, out var entry))
                    {
                        entry.Keys.Remove(key);
                    }
                    break;
                case 10:
                    Assert.Equal(model.ContainsKey(id), table.Checkpoint(lease, step));
                    if (model.TryGetValue(id, out var known))
                    {
                        model[id] = known with { Remaining = step };
                    }
                    break;
                default:
                    if (random.Next(20) == 0)
                    {
                        var expected = model.Select(m => new LeaseFact(new LeaseId(m.Key), m.Value.Ttl, m.Value.Remaining)).ToArray();
                        views.Add((table.View(), expected));
                    }
                    break;
            }
            Assert.True(model.Count == table.Count, $"seed {seed} step {step}");
        }
        Assert.NotEmpty(views);
        foreach (var (view, expected) in views)
        {
            Assert.True(expected.SequenceEqual(view.InOrder()), $"seed {seed}");
        }
        foreach (var (id, _) in model.ToList())
        {
            Assert.Equal(KvError.None, table.Revoke(new LeaseId(id), out _));
        }
        Assert.Empty(table.View().InOrder());
    }
}

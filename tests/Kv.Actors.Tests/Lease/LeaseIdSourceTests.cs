using Kv.Actors.Lease;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Lease;

public class LeaseIdSourceTests
{
    [Theory]
    [InlineData(ulong.MaxValue, long.MaxValue)]
    [InlineData(0x8000UL, 1L << 40)]
    [InlineData(1UL, 0L)]
    public void Ids_are_positive_and_never_repeat(ulong member, long start)
    {
        var source = new LeaseIdSource(new NodeId(member), start);
        var ids = Enumerable.Range(0, 1000).Select(_ => source.Next().Value).ToList();
        Assert.All(ids, static id => Assert.True(id > 0, $"{id:x}"));
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void A_restart_a_millisecond_later_does_not_meet_the_ids_of_the_run_before()
    {
        var before = new LeaseIdSource(new NodeId(7), 1_700_000_000_000);
        var after = new LeaseIdSource(new NodeId(7), 1_700_000_000_001);
        var old = Enumerable.Range(0, 200).Select(_ => before.Next()).ToHashSet();
        Assert.DoesNotContain(after.Next(), old);
    }
}

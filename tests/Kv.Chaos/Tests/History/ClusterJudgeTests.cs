using Kv.Testing.History;
using Xunit;
using static Kv.Chaos.Tests.History.Story;

namespace Kv.Chaos.Tests.History;

public sealed class ClusterJudgeTests
{
    private static readonly MemberState Right = new("m1", 3, [Key("a", "1", 2, 2, 1), Key("b", "2", 3, 3, 1)], 3, -1, 0xabc);

    [Fact]
    public void Equal_members_pass() => Assert.Empty(Rules(Right, Right with { Member = "m2" }));

    [Fact]
    public void Unequal_hashes_are_found() => Assert.Equal(["member hash"], Rules(Right, Right with { Member = "m2", Hash = 0xabd }));

    [Fact]
    public void Hashes_of_different_revisions_prove_nothing() => Assert.Equal(["member hash"], Rules(Right, Right with { Member = "m2", HashRevision = 2 }));

    [Fact]
    public void A_member_without_an_acknowledged_write_is_found() => Assert.Equal(["member state"], Rules(Right, Right with { Member = "m2", Keys = [Right.Keys[0]] }));

    [Fact]
    public void A_member_that_lags_for_ever_is_found() => Assert.Equal(["member state"], Rules(Right with { Revision = 2 }));

    private static IEnumerable<string> Rules(params MemberState[] members)
    {
        var story = new Story();
        story.Put(0, 1, "a", "1", 2);
        story.Put(0, 1, "b", "2", 3);
        return new RunHistory { Operations = story.Operations, Members = members }.Judge().Violations.Select(static v => v.Rule);
    }
}

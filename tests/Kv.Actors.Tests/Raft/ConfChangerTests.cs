using System.Collections.Immutable;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

public sealed class ConfChangerTests
{
    private static readonly ConfState s_three = new([1, 2, 3]);

    [Fact]
    public void A_simple_change_moves_one_voter()
    {
        Assert.Equal("voters (1 2 3 4)", Apply(s_three, Add(4)));
        Assert.Equal("voters (1 2)", Apply(s_three, Remove(3)));
        Assert.Equal("voters (1 2) learners (3)", Apply(s_three, Learner(3)));
        Assert.Equal("voters (1 2 3) learners (4)", Apply(s_three, Learner(4)));
        Assert.Equal("voters (1 2 3 4)", Apply(new ConfState([1, 2, 3], [4]), Add(4)));
        Assert.Equal("voters (1 2 3)", Apply(s_three, Remove(9)));
        Assert.Equal("voters (1 2 3)", Apply(s_three, new ConfChangeSingle(ConfChangeType.UpdateNode, 2)));
        Assert.Equal("voters (1 2 3)", Apply(s_three, Add(RaftConfig.None)));
    }

    [Fact]
    public void A_joint_change_keeps_the_old_voters_until_it_is_left()
    {
        var joint = ConfChanger.Apply(s_three, new ConfChangeV2(ConfChangeTransition.Auto, [Remove(1), Add(4), Learner(3)]));
        Assert.Equal("voters (2 4)&(1 2 3) next (3) autoleave", joint.ToString());
        Assert.Equal(new ulong[] { 1, 2, 3, 4 }, joint.Members.AsEnumerable());
        Assert.Equal("voters (2 4) learners (3)", ConfChanger.Apply(joint, ConfChangeV2.Leave).ToString());
        var back = ConfChanger.EnterJoint(s_three, false, [Learner(3), Add(3)]);
        Assert.Equal("voters (1 2 3)&(1 2 3)", back.ToString());
    }

    [Theory]
    [InlineData(ConfChangeTransition.Auto, 1, false, false)]
    [InlineData(ConfChangeTransition.Auto, 2, true, true)]
    [InlineData(ConfChangeTransition.JointImplicit, 1, true, true)]
    [InlineData(ConfChangeTransition.JointExplicit, 2, true, false)]
    public void The_transition_says_whether_it_is_joint_and_who_leaves(ConfChangeTransition transition, int count, bool joint, bool auto)
    {
        var change = new ConfChangeV2(transition, [.. new[] { Add(4), Add(5) }.Take(count)]);
        var after = ConfChanger.Apply(s_three, change);
        Assert.Equal((joint, auto), (after.IsJoint, after.AutoLeave));
    }

    [Fact]
    public void What_is_not_allowed_is_refused()
    {
        var joint = ConfChanger.EnterJoint(s_three, false, [Add(4)]);
        Assert.Throws<RaftBugException>(() => ConfChanger.Simple(s_three, [Add(4), Add(5)]));
        Assert.Throws<RaftBugException>(() => ConfChanger.Simple(joint, [Add(5)]));
        Assert.Throws<RaftBugException>(() => ConfChanger.EnterJoint(joint, false, [Add(5)]));
        Assert.Throws<RaftBugException>(() => ConfChanger.LeaveJoint(s_three));
        Assert.Throws<RaftBugException>(() => ConfChanger.Simple(new ConfState([1]), [Remove(1)]));
        Assert.Throws<RaftBugException>(() => ConfChanger.EnterJoint(ConfState.Empty, false, [Add(1)]));
    }

    [Fact]
    public void Random_changes_keep_the_rules_and_a_joint_way_ends_where_simple_steps_do()
    {
        for (var seed = 1UL; seed <= 1000; seed++)
        {
            var random = new Prng(seed);
            var changes = Enumerable.Range(0, 1 + random.NextInt(5)).Select(_ => new ConfChangeSingle(
                (ConfChangeType)random.NextInt(4), (ulong)random.NextInt(1, 7))).ToImmutableArray();
            var start = new ConfState([1, 2, 3], [4]);
            try
            {
                var joint = ConfChanger.Apply(start, new ConfChangeV2(ConfChangeTransition.JointExplicit, changes));
                Assert.True(joint.VotersOutgoing.AsSpan().SequenceEqual(start.Voters.AsSpan()), $"seed {seed}");
                var direct = ConfChanger.LeaveJoint(joint);
                var steps = start;
                foreach (var change in changes) steps = ConfChanger.Simple(steps, [change]);
                Assert.True(direct.Equals(steps), $"seed {seed}: {direct}, step by step {steps}");
            }
            catch (RaftBugException removedAll) when (removedAll.Message == "removed all voters")
            {
                // On the way or at the end nobody would be left: refused, as it must be.
            }
        }
    }

    private static string Apply(ConfState conf, ConfChangeSingle change) =>
        ConfChanger.Apply(conf, new ConfChangeV2(ConfChangeTransition.Auto, [change])).ToString();

    private static ConfChangeSingle Add(ulong id) => new(ConfChangeType.AddNode, id);

    private static ConfChangeSingle Remove(ulong id) => new(ConfChangeType.RemoveNode, id);

    private static ConfChangeSingle Learner(ulong id) => new(ConfChangeType.AddLearner, id);
}

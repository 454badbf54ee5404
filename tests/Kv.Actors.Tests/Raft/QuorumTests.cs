using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

public sealed class QuorumTests
{
    [Theory]
    [InlineData(new ulong[] { 5 }, 5)]
    [InlineData(new ulong[] { 5, 7 }, 5)]
    [InlineData(new ulong[] { 5, 7, 2 }, 5)]
    [InlineData(new ulong[] { 0, 0, 9 }, 0)]
    [InlineData(new ulong[] { 1, 2, 3, 4 }, 2)]
    [InlineData(new ulong[] { 1, 9, 3, 9, 2 }, 3)]
    public void Reached_is_what_a_majority_has(ulong[] values, ulong expected) => Assert.Equal(expected, Quorum.Reached(values));

    [Fact]
    public void No_voters_have_reached_everything_and_agree_with_everything()
    {
        Assert.Equal(ulong.MaxValue, Quorum.Reached([]));
        Assert.Equal(VoteResult.Won, Quorum.Count(0, 0, 0));
    }

    [Fact]
    public void Reached_matches_the_naive_definition()
    {
        for (var seed = 1UL; seed <= 2000; seed++)
        {
            var random = new Prng(seed);
            var values = Enumerable.Range(0, 1 + random.NextInt(9)).Select(_ => (ulong)random.NextInt(8)).ToArray();
            // Naive: the highest value v such that more than half have at least v.
            var naive = Enumerable.Range(0, 9).Select(v => (ulong)v).Last(v => values.Count(x => x >= v) * 2 > values.Length);
            var text = string.Join(' ', values);
            Assert.True(naive == Quorum.Reached(values), $"seed {seed}: {text}");
        }
    }

    [Fact]
    public void Votes_match_the_naive_definition()
    {
        for (var voters = 1; voters <= 9; voters++)
        {
            for (var yes = 0; yes <= voters; yes++)
            {
                for (var no = 0; no <= voters - yes; no++)
                {
                    var open = voters - yes - no;
                    // Naive: won if it is won even when all others say no, lost if it is lost even when all others say yes.
                    var expected = yes * 2 > voters ? VoteResult.Won : (yes + open) * 2 <= voters ? VoteResult.Lost : VoteResult.Pending;
                    Assert.Equal(expected, Quorum.Count(voters, yes, no));
                }
            }
        }
    }

    [Fact]
    public void A_joint_vote_needs_both_halves_and_is_lost_with_either()
    {
        var all = Enum.GetValues<VoteResult>();
        foreach (var one in all)
        {
            foreach (var other in all)
            {
                var expected = one == VoteResult.Lost || other == VoteResult.Lost ? VoteResult.Lost
                    : one == other ? one : VoteResult.Pending;
                Assert.Equal(expected, Quorum.Joint(one, other));
                Assert.Equal(Quorum.Joint(one, other), Quorum.Joint(other, one));
            }
        }
    }

    [Fact]
    public void The_trackers_joint_commit_is_reached_in_both_halves()
    {
        for (var seed = 1UL; seed <= 500; seed++)
        {
            var random = new Prng(seed);
            var tracker = new ProgressTracker(new RaftConfig { Id = 1 });
            var one = Enumerable.Range(1, 7).Where(_ => random.NextBool(0.5)).Select(i => (ulong)i).Append(1UL).ToArray();
            var other = Enumerable.Range(1, 7).Where(_ => random.NextBool(0.5)).Select(i => (ulong)i).ToArray();
            tracker.Switch(new ConfState(one, votersOutgoing: other), 20);
            foreach (var progress in tracker.All) progress.Acknowledge((ulong)random.NextInt(15));
            var naive = Enumerable.Range(0, 16).Select(v => (ulong)v).Last(v => Has(tracker.Conf.Voters, v) && Has(tracker.Conf.VotersOutgoing, v));
            Assert.True(naive == tracker.CommittedIndex(), $"seed {seed}: {tracker.Conf}");

            bool Has(IReadOnlyCollection<ulong> voters, ulong index) =>
                voters.Count == 0 || voters.Count(id => tracker.Find(id)!.Match >= index) * 2 > voters.Count;
        }
    }
}

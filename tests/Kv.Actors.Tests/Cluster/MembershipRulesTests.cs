using System.Collections.Immutable;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Cluster;

public class MembershipRulesTests
{
    private static readonly MemberSet _three = MemberSet.Empty.With(Voter(1)).With(Voter(2)).With(Voter(3));

    [Fact]
    public void A_member_joins_at_urls_that_nobody_has()
    {
        Assert.Equal("1 2 3 4", Accepted(_three, new MemberChange.Add(Voter(4))));
        Assert.Equal(KvError.PeerURLExist, Refused(_three, new MemberChange.Add(Voter(4) with { PeerUrls = ["http://new", "http://m2"] })));
        Assert.Equal(KvError.MemberExist, Refused(_three, new MemberChange.Add(Voter(3) with { PeerUrls = ["http://new"] })));
        Assert.Equal(KvError.MemberNotFound, Refused(_three, new MemberChange.Add(Voter(0))));
    }

    [Fact]
    public void A_removed_id_never_returns()
    {
        var two = MembershipRules.Judge(_three, new MemberChange.Remove(new NodeId(2))).Members;
        Assert.Equal(KvError.MemberNotFound, Refused(two, new MemberChange.Add(Voter(2))));
        Assert.Equal(KvError.MemberNotFound, Refused(two, new MemberChange.Remove(new NodeId(2))));
        Assert.Equal(KvError.MemberNotFound, Refused(two, new MemberChange.Promote(new NodeId(2))));
        Assert.Equal(KvError.MemberNotFound, Refused(two, new MemberChange.Update(new NodeId(2), ["http://x"])));
        Assert.Equal("1 3 4", Accepted(two, new MemberChange.Add(Voter(4) with { PeerUrls = ["http://m2"] })));
    }

    [Fact]
    public void Learners_are_counted_against_the_limit_that_the_entry_brings()
    {
        var one = MembershipRules.Judge(_three, new MemberChange.Add(Learner(4))).Members;
        Assert.Equal(KvError.TooManyLearners, Refused(one, new MemberChange.Add(Learner(5))));
        Assert.Equal("1 2 3 4* 5*", Accepted(one, new MemberChange.Add(Learner(5), MaxLearners: 2)));
        Assert.Equal("1 2 3 4* 5", Accepted(one, new MemberChange.Add(Voter(5), MaxLearners: 0)));
        Assert.Equal(KvError.TooManyLearners, Refused(_three, new MemberChange.Add(Learner(4), MaxLearners: 0)));
    }

    [Fact]
    public void Only_a_learner_can_be_promoted()
    {
        var four = MembershipRules.Judge(_three, new MemberChange.Add(Learner(4))).Members;
        Assert.Equal("1 2 3 4", Accepted(four, new MemberChange.Promote(new NodeId(4))));
        Assert.Equal(KvError.MemberNotLearner, Refused(four, new MemberChange.Promote(new NodeId(3))));
        Assert.Equal(KvError.MemberNotFound, Refused(four, new MemberChange.Promote(new NodeId(9))));
    }

    [Fact]
    public void The_last_voter_stays_whatever_learners_there_are()
    {
        var set = MemberSet.Empty.With(Voter(1)).With(Learner(2));
        Assert.Equal(KvError.MemberNotEnoughStarted, Refused(set, new MemberChange.Remove(new NodeId(1))));
        Assert.Equal("1", Accepted(set, new MemberChange.Remove(new NodeId(2))));
    }

    [Fact]
    public void A_member_moves_to_urls_that_are_free_or_its_own()
    {
        var moved = MembershipRules.Judge(_three, new MemberChange.Update(new NodeId(2), ["http://m2", "http://new"])).Members;
        Assert.Equal(["http://m2", "http://new"], moved.Find(new NodeId(2))!.PeerUrls.AsEnumerable());
        Assert.Equal("m2", moved.Find(new NodeId(2))!.Name);
        Assert.Equal(KvError.PeerURLExist, Refused(_three, new MemberChange.Update(new NodeId(2), ["http://m3"])));
        Assert.Equal(KvError.MemberNotFound, Refused(_three, new MemberChange.Update(new NodeId(9), ["http://m3"])));
    }

    [Fact]
    public void An_entry_says_what_was_proposed()
    {
        MemberChange[] changes =
        [
            new MemberChange.Add(Voter(4) with { Name = "" }), new MemberChange.Add(Learner(5), MaxLearners: 7), new MemberChange.Promote(new NodeId(4)),
            new MemberChange.Remove(new NodeId(4)), new MemberChange.Update(new NodeId(4), ["http://a", "http://b"]),
        ];
        var set = _three;
        foreach (var change in changes)
        {
            var (direct, entry) = (MembershipRules.Judge(set, change), MemberChanges.Judge(set, MemberChanges.Encode(change, new RequestId(8)).AsV2()));
            Assert.Equal(direct.Error, entry.Error);
            Assert.Equal(Describe(direct.Members), Describe(entry.Members));
            set = entry.Members;
        }
        Assert.Equal(8UL, MemberChanges.Encode(changes[0], new RequestId(8)).Id);
    }

    [Theory]
    [InlineData(ConfChangeType.AddNode, "not json")]
    [InlineData(ConfChangeType.AddNode, "null")]
    [InlineData(ConfChangeType.AddLearner, "")]
    [InlineData(ConfChangeType.UpdateNode, "{}")]
    [InlineData(ConfChangeType.UpdateNode, "")]
    public void An_entry_that_cannot_be_read_is_refused_by_all_alike(ConfChangeType type, string context)
    {
        var verdict = MemberChanges.Judge(_three, new ConfChange(type, 4, System.Text.Encoding.UTF8.GetBytes(context)).AsV2());
        Assert.Equal(KvError.MemberBadURLs, verdict.Error);
        Assert.Same(_three, verdict.Members);
    }

    [Fact]
    public void A_change_of_several_members_is_taken_or_refused_as_a_whole()
    {
        ConfChangeSingle Remove(ulong id) => new(ConfChangeType.RemoveNode, id);
        Assert.Equal("1", Describe(MemberChanges.Judge(_three, new ConfChangeV2(ConfChangeTransition.Auto, [Remove(2), Remove(3)])).Members));
        var refused = MemberChanges.Judge(_three, new ConfChangeV2(ConfChangeTransition.Auto, [Remove(2), Remove(9)]));
        Assert.Equal((KvError.MemberNotFound, "1 2 3"), (refused.Error, Describe(refused.Members)));
        Assert.True(MemberChanges.Judge(_three, ConfChangeV2.Leave).Accepted);
    }

    /// <summary>Raft's configuration and the member set follow the same verdicts, so they never part, and Raft never meets a change it cannot apply.</summary>
    [Fact]
    public void Any_run_of_changes_keeps_members_and_raft_s_configuration_in_step()
    {
        for (var seed = 1UL; seed <= 500; seed++)
        {
            var random = new Prng(seed);
            var (set, again, conf) = (MemberSet.Empty.With(Voter(1)), MemberSet.Empty.With(Voter(1)), new ConfState([1]));
            var maxLearners = random.NextInt(3);
            for (var step = 0; step < 60; step++)
            {
                var change = MemberChanges.Encode(AnyChange(random, maxLearners)).AsV2();
                var verdict = MemberChanges.Judge(set, change);
                again = MemberChanges.Judge(again, change).Members;
                if (verdict.Accepted)
                {
                    conf = ConfChanger.Apply(conf, change);
                }
                set = verdict.Members;

                var at = $"seed {seed}, step {step}: {change.Changes[0]} gave {verdict.Error}, members {Describe(set)}, {conf}";
                Assert.True(Describe(set) == Describe(again), at);
                Assert.True(set.All.Where(m => !m.IsLearner).Select(m => m.Id.Value).SequenceEqual(conf.Voters), at);
                Assert.True(set.All.Where(m => m.IsLearner).Select(m => m.Id.Value).SequenceEqual(conf.Learners), at);
                Assert.True(!conf.Voters.IsEmpty, at);
                Assert.True(conf.Learners.Length <= maxLearners, at);
                Assert.True(set.All.SelectMany(m => m.PeerUrls).GroupBy(u => u).All(g => g.Count() == 1), at);
                Assert.True(set.Removed.All(id => set.Find(id) is null), at);
            }
        }
    }

    private static MemberChange AnyChange(Prng random, int maxLearners)
    {
        var id = new NodeId((ulong)random.NextInt(1, 9));
        var url = $"http://m{random.NextInt(1, 9)}";
        return random.NextInt(6) switch
        {
            0 => new MemberChange.Add(new ClusterMember(id, "", [url], [], IsLearner: true), maxLearners),
            1 or 2 => new MemberChange.Add(new ClusterMember(id, "", [url], [], IsLearner: false), maxLearners),
            3 => new MemberChange.Promote(id),
            4 => new MemberChange.Remove(id),
            _ => new MemberChange.Update(id, [url]),
        };
    }

    private static string Accepted(MemberSet set, MemberChange change)
    {
        var verdict = MembershipRules.Judge(set, change);
        Assert.Equal(KvError.None, verdict.Error);
        return Describe(verdict.Members);
    }

    private static KvError Refused(MemberSet set, MemberChange change)
    {
        var verdict = MembershipRules.Judge(set, change);
        Assert.False(verdict.Accepted);
        Assert.Same(set, verdict.Members);
        return verdict.Error;
    }

    private static string Describe(MemberSet set) => string.Join(' ', set.All.Select(static m => $"{m.Id}{(m.IsLearner ? "*" : "")}"));

    private static ClusterMember Voter(ulong id) => new(new NodeId(id), $"m{id}", [$"http://m{id}"], ImmutableArray<string>.Empty, IsLearner: false);

    private static ClusterMember Learner(ulong id) => Voter(id) with { IsLearner = true };
}

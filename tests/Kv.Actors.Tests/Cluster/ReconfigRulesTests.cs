using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Cluster;

public class ReconfigRulesTests
{
    private static readonly TimeSpan _long = ReconfigRules.Settled;
    private static readonly TimeSpan _short = _long - TimeSpan.FromMilliseconds(1);

    // Members are written as: a letter in capitals has started, one in small letters has not; a star is a learner. The answering
    // member is 1; the others are connected for long (+), not for long yet (.) or not at all (-).
    [Theory]
    [InlineData("A", "+", KvError.None)]                       // one of one may always grow
    [InlineData("AB", "++", KvError.None)]
    [InlineData("ABC", "+++", KvError.None)]
    [InlineData("ABC", "++-", KvError.Unhealthy)]              // 3 of 4 are needed
    [InlineData("ABC", "++.", KvError.Unhealthy)]              // a link of less than 5 s proves nothing
    [InlineData("ABCD", "+++-", KvError.None)]                 // 3 of 5 are enough (etcd before 3.6.11 wanted all)
    [InlineData("ABCD", "++--", KvError.Unhealthy)]
    [InlineData("Ab", "+-", KvError.MemberNotEnoughStarted)]   // the second has not started: a third would take the quorum
    [InlineData("ABc", "+++", KvError.MemberNotEnoughStarted)] // 2 started of 4
    [InlineData("ABCd", "++++", KvError.None)]                 // 3 started of 5
    [InlineData("ABD*", "++-", KvError.None)]                  // learners do not count
    public void A_voter_is_added_only_while_the_others_stay_a_quorum(string members, string links, KvError expected) =>
        Assert.Equal(expected, Rules(members, links).MayAdd(isLearner: false));

    [Theory]
    [InlineData("Ab", "+-", KvError.Unhealthy)]
    [InlineData("Ab", "++", KvError.None)]
    [InlineData("ABc", "+++", KvError.None)]                   // a learner takes nothing from the quorum, so started ones do not matter
    [InlineData("ABC", "+--", KvError.Unhealthy)]
    public void A_learner_is_added_whoever_has_started(string members, string links, KvError expected) =>
        Assert.Equal(expected, Rules(members, links).MayAdd(isLearner: true));

    [Theory]
    [InlineData("A", "+", 1, KvError.MemberNotEnoughStarted)]  // the last one
    [InlineData("AB", "++", 2, KvError.None)]
    [InlineData("AB", "++", 1, KvError.None)]                  // itself
    [InlineData("AB", "+.", 2, KvError.Unhealthy)]
    [InlineData("AB", "+-", 2, KvError.None)]                  // down already: its leaving costs nothing
    [InlineData("AB", "+-", 1, KvError.Unhealthy)]
    [InlineData("ABC", "+++", 3, KvError.None)]
    [InlineData("ABC", "++-", 2, KvError.Unhealthy)]           // two are left, one of them down
    [InlineData("ABC", "++-", 3, KvError.None)]
    [InlineData("Ab", "++", 1, KvError.MemberNotEnoughStarted)]
    [InlineData("ABC*", "+-+", 3, KvError.None)]               // a learner may always go
    [InlineData("ABC", "+++", 9, KvError.None)]                // unknown: the verdict at apply time says so
    public void A_voter_leaves_only_while_the_rest_stays_a_quorum(string members, string links, int id, KvError expected) =>
        Assert.Equal(expected, Rules(members, links).MayRemove(new NodeId((ulong)id)));

    [Theory]
    [InlineData("AB*", "++", KvError.None)]
    [InlineData("ABC*", "++-", KvError.None)]                  // 2 and the promoted one of 3
    [InlineData("AbC*", "+++", KvError.None)]
    [InlineData("AbcC*", "++++", KvError.MemberNotEnoughStarted)]
    public void A_learner_is_promoted_only_if_enough_have_started(string members, string links, KvError expected) =>
        Assert.Equal(expected, Rules(members, links).MayPromote());

    [Theory]
    [InlineData(null, 100, KvError.MemberNotFound)]
    [InlineData(0, 100, KvError.LearnerNotReady)]              // never started
    [InlineData(89, 100, KvError.LearnerNotReady)]
    [InlineData(90, 100, KvError.None)]
    [InlineData(100, 100, KvError.None)]
    public void A_learner_is_ready_with_nine_tenths_of_the_leader_s_log(int? match, int leader, KvError expected) =>
        Assert.Equal(expected, ReconfigRules.IsReady((ulong?)match, (ulong)leader));

    private static ReconfigRules Rules(string members, string links)
    {
        var set = MemberSet.Empty;
        foreach (var letter in members)
        {
            var id = new NodeId((ulong)set.Count + 1);
            set = letter == '*'
                ? set.With(set.Find(new NodeId((ulong)set.Count))! with { IsLearner = true })
                : set.With(new ClusterMember(id, char.IsUpper(letter) ? $"m{id}" : "", [$"http://m{id}"], [], IsLearner: false));
        }
        return new ReconfigRules(set, new NodeId(1), id => id.Value > (ulong)links.Length ? null : links[(int)id.Value - 1] switch
        {
            '+' => _long,
            '.' => _short,
            _ => null,
        });
    }
}

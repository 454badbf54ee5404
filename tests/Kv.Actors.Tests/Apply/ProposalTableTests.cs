using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public class ProposalTableTests
{
    [Fact]
    public void A_caller_is_taken_once_and_only_by_its_own_id()
    {
        var table = new ProposalTable(new NodeId(1), 0, 10);
        var proposal = Requests.Waiting<PutResponse>(table, Requests.Put("a", "1"));
        Assert.Null(table.Take(new RequestId(proposal.Id.Value + 1)));
        Assert.Equal(1, table.Count);
        Assert.Same(proposal, table.Take(proposal.Id));
        Assert.Null(table.Take(proposal.Id));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void A_full_table_refuses_and_a_place_that_is_given_back_can_be_taken_again()
    {
        var table = new ProposalTable(new NodeId(1), 0, 2);
        var first = Requests.Waiting<PutResponse>(table, Requests.Put("a", "1"));
        Requests.Waiting<PutResponse>(table, Requests.Put("a", "2"));
        var third = new Proposal<PutResponse>(With(table, Requests.Put("a", "3")), default);
        Assert.False(table.TryAdd(third));
        Assert.Equal(2, table.Count);
        table.Take(first.Id);
        Assert.True(table.TryAdd(third));
    }

    [Fact]
    public async Task A_sweep_fails_those_who_have_waited_since_before_the_deadline_and_counts_them()
    {
        var table = new ProposalTable(new NodeId(1), 0, 10);
        var old = Requests.Waiting<PutResponse>(table, Requests.Put("a", "1"), new MonotonicTime(10));
        var young = Requests.Waiting<PutResponse>(table, Requests.Put("a", "2"), new MonotonicTime(20));
        table.Sweep(new MonotonicTime(20), KvError.Timeout);
        Assert.Equal(KvError.Timeout, (await old.Answered).Error);
        Assert.False(young.Answered.IsCompleted);
        Assert.Equal((1, 1), (table.Count, table.Failed));
        table.FailAll(KvError.Stopped);
        Assert.Equal(KvError.Stopped, (await young.Answered).Error);
        Assert.Equal((0, 2), (table.Count, table.Failed));
    }

    [Fact]
    public async Task An_answer_that_comes_after_the_failure_changes_nothing()
    {
        var table = new ProposalTable(new NodeId(1), 0, 10);
        var proposal = Requests.Waiting<PutResponse>(table, Requests.Put("a", "1"));
        table.Fail(proposal.Id, KvError.Timeout);
        proposal.Answer(new PutResponse(), KvError.None);
        proposal.Complete();
        Assert.Equal(KvError.Timeout, (await proposal.Answered).Error);
    }

    [Fact]
    public void Ids_differ_between_members_and_between_runs_and_never_repeat()
    {
        var seen = new HashSet<ulong>();
        foreach (var (member, start) in new[] { (1UL, 1000L), (1UL, 1001L), (2UL, 1000L), (0x10001UL, 5000L) })
        {
            var table = new ProposalTable(new NodeId(member), start, 1);
            for (var i = 0; i < 200; i++)
            {
                Assert.True(seen.Add(table.NextId().Value), $"member {member:x} start {start} id {i}");
            }
        }
    }

    private static InternalRaftRequest With(ProposalTable table, InternalRaftRequest request)
    {
        request.Header = new RequestHeader { Id = table.NextId().Value };
        return request;
    }
}

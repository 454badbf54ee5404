using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

public sealed class LeaderTransfersTests
{
    private readonly LeaderTransfers _transfers = new();

    private Task<KvError> Wait(ulong target)
    {
        var transfer = new RaftCommand.TransferLeader(target, new TaskCompletionSource<KvError>());
        _transfers.Add(transfer);
        return transfer.Done.Task;
    }

    [Fact]
    public async Task Those_who_wait_for_the_new_leader_are_answered_and_others_wait_on()
    {
        var (second, third, again) = (Wait(2), Wait(3), Wait(2));
        _transfers.Found(2);
        Assert.Equal((KvError.None, KvError.None), (await second, await again));
        Assert.False(third.IsCompleted);
        Assert.Equal(1, _transfers.Count);
        _transfers.FailAll(KvError.Stopped);
        Assert.Equal(KvError.Stopped, await third);
        Assert.Equal(0, _transfers.Count);
    }

    [Fact]
    public void Only_a_leader_hands_over_and_only_to_another_voter()
    {
        var core = new RaftCore(new RaftConfig { Id = 1, PreVote = false }, new Prng(1));
        core.Restore(new SnapshotMeta(10, 1, new ConfState([1, 2], [3])), new HardState(1, 0, 10), default);
        core.Start();
        Assert.Equal(KvError.NotLeader, LeaderTransfers.Verdict(core, 2));
        core.Campaign();
        core.Advance(core.TakeReady());
        core.Step(new RaftMessage.VoteReply(false, true, 0, 0) { From = 2, To = 1, Term = 2 });
        Assert.Equal(KvError.None, LeaderTransfers.Verdict(core, 1));
        Assert.Equal(KvError.BadLeaderTransferee, LeaderTransfers.Verdict(core, 3));       // a learner
        Assert.Equal(KvError.BadLeaderTransferee, LeaderTransfers.Verdict(core, 9));       // nobody
        Assert.Null(LeaderTransfers.Verdict(core, 2));
    }
}

using Akka.Actor;
using Kv.Actors.Apply;
using Kv.Actors.Lease;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Persistence.Checkpoint;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public sealed class StoreActorTests : PatientTestKit
{
    /// <summary>A candidate is no leader, then leads the very term it campaigned in; a demotion of that term would void the promotion.</summary>
    [Fact]
    public void A_member_that_wins_its_first_election_is_promoted_and_never_demoted()
    {
        var (store, lessor) = Start();
        store.Tell(new StoreCommand.LeaderChanged(IsLeader: false, 2));
        store.Tell(new StoreCommand.LeaderChanged(IsLeader: true, 2));
        store.Tell(FirstEntryOf(term: 2, index: 1), TestActor);
        Assert.Equal(2, lessor.ExpectMsg<LessorCommand.Promote>().Term);
    }

    [Fact]
    public void The_lessor_is_promoted_only_once_the_leaders_own_entry_is_applied()
    {
        var (store, lessor) = Start();
        store.Tell(new StoreCommand.LeaderChanged(IsLeader: true, 3));
        store.Tell(FirstEntryOf(term: 2, index: 1), TestActor);
        ExpectMsg<RaftCommand.Applied>();
        lessor.ExpectNoMsg(TimeSpan.Zero);
        store.Tell(FirstEntryOf(term: 3, index: 2), TestActor);
        Assert.Equal(3, lessor.ExpectMsg<LessorCommand.Promote>().Term);
    }

    [Fact]
    public void A_leader_that_steps_down_demotes_the_lessor_also_before_it_was_promoted()
    {
        var (store, lessor) = Start();
        store.Tell(new StoreCommand.LeaderChanged(IsLeader: true, 2));
        store.Tell(new StoreCommand.LeaderChanged(IsLeader: false, 2));
        Assert.Equal(2, lessor.ExpectMsg<LessorCommand.Demote>().Term);
        store.Tell(FirstEntryOf(term: 2, index: 1), TestActor);
        ExpectMsg<RaftCommand.Applied>();
        lessor.ExpectNoMsg(TimeSpan.Zero);
    }

    private static StoreCommand.Apply FirstEntryOf(ulong term, ulong index) =>
        new(new LogSlice(new Entry(term, index, EntryType.Normal, ReadOnlyMemory<byte>.Empty)), term);

    private (IActorRef Store, Akka.TestKit.TestProbe Lessor) Start()
    {
        var (self, lessor) = (new NodeId(1), CreateTestProbe());
        var machine = new StateMachine(self, minTtlSeconds: 2, quotaBytes: 0);
        var setup = new StoreActorSetup(
            machine, new ProposalTable(self, 0, limit: 10), new NodeStatus(self, new ClusterId(1)), new RootHolder(machine.Root),
            lessor, CreateTestProbe(), new CheckpointPolicy(), 100, TimeSpan.Zero, TimeSpan.FromMinutes(1), TimeProvider.System, new Metrics(new MetricsRegistry()));
        return (Sys.ActorOf(Props.Create(() => new StoreActor(setup))), lessor);
    }
}

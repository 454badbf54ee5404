using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public sealed class CheckpointLedgerTests
{
    private readonly CheckpointLedger _ledger = new();

    [Fact]
    public void Events_go_once_two_checkpoints_are_newer()
    {
        Assert.Equal(default, Save(number: 100, index: 90));
        Assert.Equal(new CheckpointLedger.Obsolete(100, 90), Save(number: 200, index: 180));
        Assert.Equal(new CheckpointLedger.Obsolete(200, 180), Save(number: 300, index: 270));
    }

    /// <summary>Simulation, seed 1289: two of one number passed for two to fall back to.</summary>
    [Fact]
    public void One_of_the_same_number_replaces_the_last_and_lets_nothing_go()
    {
        Save(number: 100, index: 90);
        Save(number: 200, index: 180);
        Assert.Equal(default, Save(number: 200, index: 180));
        Assert.Equal(new CheckpointLedger.Obsolete(200, 180), Save(number: 300, index: 270));
    }

    [Fact]
    public void A_start_goes_on_from_the_checkpoint_it_began_with()
    {
        _ledger.Begin(100, new SnapshotMeta(90, 1, new ConfState([1])));
        Assert.Equal(new CheckpointLedger.Obsolete(100, 90), Save(number: 200, index: 180));
    }

    [Fact]
    public void A_log_with_a_hole_is_refused()
    {
        _ledger.Begin(100, SnapshotMeta.Empty);
        _ledger.Replayed(101);
        Assert.Contains("events 102 to 102 ", Assert.Throws<InvalidDataException>(() => _ledger.Replayed(103)).Message, StringComparison.Ordinal);
        _ledger.Require(101);
        Assert.Throws<InvalidDataException>(() => _ledger.Require(102));
        Assert.Throws<InvalidDataException>(() => new CheckpointLedger().Replayed(2));
        _ledger.Replayed(50);                              // the checkpoint holds it: nothing is missing
    }

    [Fact]
    public void One_is_written_at_a_time_and_the_newest_that_is_wanted_is_next()
    {
        _ledger.Ask(Root(10));
        Assert.True(_ledger.TryTake(0, out var first));
        Assert.Equal((10UL, 10UL, true), (first!.AppliedIndex, _ledger.Meta.Index, _ledger.IsSaving));
        _ledger.Ask(Root(20));
        _ledger.Ask(Root(30));
        Assert.False(_ledger.TryTake(0, out var none));
        Assert.Null(none);
        _ledger.NotSaved();
        Assert.True(_ledger.TryTake(0, out var next));
        Assert.Equal(30UL, next!.AppliedIndex);
        _ledger.Saved(5);
        Assert.False(_ledger.TryTake(0, out none));
        Assert.Null(none);
    }

    [Fact]
    public void A_state_that_a_leaders_snapshot_has_overtaken_is_not_written()
    {
        _ledger.Ask(Root(10));
        Assert.False(_ledger.TryTake(logBase: 11, out var overtaken));
        Assert.Equal((10UL, false), (overtaken!.AppliedIndex, _ledger.IsSaving));
    }

    private CheckpointLedger.Obsolete Save(long number, ulong index)
    {
        _ledger.Ask(Root(index));
        Assert.True(_ledger.TryTake(0, out _));
        return _ledger.Saved(number);
    }

    private static StoreRoot Root(ulong index) => new StateMachine(new NodeId(1), 1, 0).Root with { AppliedIndex = index };
}

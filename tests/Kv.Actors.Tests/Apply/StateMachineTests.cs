using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;
using Kv.Persistence.Checkpoint;
using Kv.Testing;
using Xunit;
using static Kv.Actors.Tests.Apply.Requests;

namespace Kv.Actors.Tests.Apply;

public class StateMachineTests
{
    private static readonly AlarmRequest.Types.AlarmAction _activate = AlarmRequest.Types.AlarmAction.Activate;
    private static readonly AlarmRequest.Types.AlarmAction _deactivate = AlarmRequest.Types.AlarmAction.Deactivate;

    private readonly StateMachine _machine = New();

    private static StateMachine New(long quota = 0) => new(new NodeId(1), minTtlSeconds: 2, quota);

    private T Apply<T>(InternalRaftRequest request)
    {
        var applied = _machine.Apply(request);
        Assert.Equal(KvError.None, applied.Error);
        return Assert.IsType<T>(applied.Response);
    }

    [Fact]
    public void Every_body_is_applied_and_answered_with_its_own_message()
    {
        Assert.Equal(2, Apply<PutResponse>(Put("a", "1")).Header.Revision);
        Assert.True(Apply<TxnResponse>(Txn("b", "2")).Succeeded);
        Assert.Equal(1, Apply<DeleteRangeResponse>(Delete("b")).Deleted);
        Assert.Equal(60, Apply<LeaseGrantResponse>(Grant(9, 60)).TTL);
        Apply<LeaseCheckpointResponse>(new InternalRaftRequest
        {
            LeaseCheckpoint = new LeaseCheckpointRequest { Checkpoints = { new LeaseCheckpoint { ID = 9, RemainingTTL = 30 } } },
        });
        Apply<LeaseRevokeResponse>(Revoke(9));
        Apply<CompactionResponse>(Compact(3));
        Assert.Single(Apply<AlarmResponse>(Alarm(_activate, AlarmType.Nospace)).Alarms);
        Apply<Published>(new InternalRaftRequest { ClusterVersionSet = new ClusterVersionSet { Version = "3.6.0" } });
        Apply<Published>(new InternalRaftRequest { MemberAttributes = new MemberAttributes { MemberId = 1, Name = "n" } });
        var root = _machine.Publish(11, 1);
        Assert.Equal(("1", "3.6.0", 11UL), (Value(root, "a"), root.ClusterVersion, root.AppliedIndex));
        Assert.Equal(
            [LeaseChangeKind.Granted, LeaseChangeKind.Checkpointed, LeaseChangeKind.Revoked], _machine.TakeLeaseChanges().Select(static change => change.Kind));
        Assert.Empty(_machine.TakeLeaseChanges());
    }

    [Fact]
    public void A_body_of_a_later_version_stops_the_member_rather_than_let_it_differ() =>
        Assert.Throws<InvalidOperationException>(() => _machine.Apply(new InternalRaftRequest { Header = new RequestHeader { Id = 3 } }));

    [Fact]
    public void Readers_see_nothing_before_it_is_published()
    {
        var before = _machine.Root;
        Apply<PutResponse>(Put("a", "1"));
        Assert.Same(before, _machine.Root);
        Assert.Null(Value(_machine.Root, "a"));
        Assert.Equal("1", Value(_machine.Publish(1, 1), "a"));
        Assert.Null(Value(before, "a"));
    }

    [Fact]
    public void A_revoked_lease_takes_all_its_keys_in_one_revision()
    {
        Apply<LeaseGrantResponse>(Grant(7, 60));
        Apply<PutResponse>(Put("a", "1", lease: 7));
        Apply<PutResponse>(Put("b", "1", lease: 7));
        Apply<PutResponse>(Put("c", "1"));
        Assert.Equal([Bytes("a"), Bytes("b")], _machine.KeysOf(new LeaseId(7)));
        Assert.Equal(5, Apply<LeaseRevokeResponse>(Revoke(7)).Header.Revision);
        var root = _machine.Publish(5, 1);
        Assert.Equal((null, null, "1", 5L), (Value(root, "a"), Value(root, "b"), Value(root, "c"), root.Kv.CurrentRevision));
        Assert.Null(_machine.KeysOf(new LeaseId(7)));
        Assert.Equal(KvError.LeaseNotFound, _machine.Apply(Revoke(7)).Error);
    }

    [Fact]
    public void A_lease_without_keys_is_revoked_without_a_revision()
    {
        Apply<LeaseGrantResponse>(Grant(7, 60));
        Assert.Equal(1, Apply<LeaseRevokeResponse>(Revoke(7)).Header.Revision);
    }

    [Fact]
    public void A_short_ttl_is_raised_and_a_lease_id_is_granted_once()
    {
        Assert.Equal(2, Apply<LeaseGrantResponse>(Grant(7, 1)).TTL);
        Assert.Equal(KvError.LeaseExist, _machine.Apply(Grant(7, 60)).Error);
    }

    [Fact]
    public void A_no_space_alarm_refuses_what_grows_the_store_and_nothing_else_until_it_is_cleared()
    {
        Apply<PutResponse>(Put("a", "1"));
        Apply<LeaseGrantResponse>(Grant(7, 60));
        Apply<AlarmResponse>(Alarm(_activate, AlarmType.Nospace));
        Assert.Equal(KvError.NoSpace, _machine.Apply(Put("a", "2")).Error);
        Assert.Equal(KvError.NoSpace, _machine.Apply(Txn("a", "2")).Error);
        Assert.Equal(KvError.NoSpace, _machine.Apply(Grant(8, 60)).Error);
        Apply<DeleteRangeResponse>(Delete("a"));
        Apply<LeaseRevokeResponse>(Revoke(7));
        Apply<CompactionResponse>(Compact(3));
        Assert.Empty(Apply<AlarmResponse>(Alarm(_deactivate, AlarmType.Nospace, member: 2)).Alarms);
        Assert.Equal(KvError.NoSpace, _machine.Apply(Put("a", "2")).Error);
        Assert.Single(Apply<AlarmResponse>(Alarm(_deactivate, AlarmType.Nospace)).Alarms);
        Apply<PutResponse>(Put("a", "2"));
    }

    [Fact]
    public void A_corrupt_alarm_refuses_every_write_and_wins_over_no_space()
    {
        Apply<AlarmResponse>(Alarm(_activate, AlarmType.Nospace));
        Apply<AlarmResponse>(Alarm(_activate, AlarmType.Corrupt));
        foreach (var request in new[] { Put("a", "1"), Delete("a"), Txn("a", "1"), Compact(1), Grant(1, 60), Revoke(1) })
        {
            Assert.Equal(KvError.Corrupt, _machine.Apply(request).Error);
        }
        Assert.Equal(2, Apply<AlarmResponse>(Alarm(AlarmRequest.Types.AlarmAction.Get, AlarmType.None)).Alarms.Count);
    }

    [Fact]
    public void Past_the_quota_puts_are_refused_and_the_alarm_is_asked_for_until_it_is_raised()
    {
        var machine = New(quota: 200_000);
        var big = new string('x', 10_000);
        var accepted = 0;
        while (machine.Apply(Put($"k{accepted}", big)).Error == KvError.None)
        {
            accepted++;
            Assert.True(accepted < 100, "the quota never bit");
        }
        Assert.True(machine.TakeSpaceExceeded());
        Assert.False(machine.TakeSpaceExceeded());
        Assert.Equal(KvError.None, machine.Apply(Delete("k0")).Error);
        Assert.Equal(KvError.None, machine.Apply(Alarm(_activate, AlarmType.Nospace)).Error);
        Assert.Equal(KvError.NoSpace, machine.Apply(Put("k", big)).Error);
        Assert.False(machine.TakeSpaceExceeded());
    }

    [Fact]
    public void Members_come_change_are_promoted_and_go_for_good()
    {
        _machine.Apply(Change(ConfChangeType.AddNode, 1, Member(1, "http://a")));
        _machine.Apply(Change(ConfChangeType.AddLearner, 2, Member(2, "http://b")));
        Assert.True(Members().Find(new NodeId(2))!.IsLearner);
        _machine.Apply(Change(ConfChangeType.AddNode, 2));
        Assert.False(Members().Find(new NodeId(2))!.IsLearner);
        _machine.Apply(Change(ConfChangeType.UpdateNode, 2, Member(2, "http://c")));
        Assert.Equal("http://c", Assert.Single(Members().Find(new NodeId(2))!.PeerUrls));
        Apply<Published>(new InternalRaftRequest { MemberAttributes = new MemberAttributes { MemberId = 2, Name = "two", ClientUrls = { "http://d" } } });
        Assert.Equal("two", Members().Find(new NodeId(2))!.Name);
        _machine.Apply(Change(ConfChangeType.RemoveNode, 2));
        Assert.Equal(1, Members().Count);
        Assert.True(Members().WasRemoved(new NodeId(2)));
        Apply<Published>(new InternalRaftRequest { MemberAttributes = new MemberAttributes { MemberId = 2, Name = "ghost" } });
        Assert.Null(Members().Find(new NodeId(2)));

        MemberSet Members() => _machine.Publish(1, 1).Members;
    }

    /// <summary>A checkpoint is the state: whatever happens next happens alike on both.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_state_restored_from_a_checkpoint_equals_the_original_and_goes_on_alike(int seed)
    {
        var random = new Random(seed);
        var machine = New();
        machine.Apply(Change(ConfChangeType.AddNode, 1, Member(1, "http://a")));
        for (var i = 0; i < 400; i++)
        {
            machine.Apply(Any(random, i));
        }
        while (machine.Store.CompactStep(50))
        {
        }
        var root = machine.Publish(401, 3);
        var meta = new SnapshotMeta(401, 3, root.ConfState);
        var disk = new SimDisk(seed);
        var path = CheckpointFile.Write(
            disk, "/snap", new CheckpointInfo("raft", 1, 1), new NodeCheckpoint(root, new RaftEvent.Checkpoint(meta, new HardState(3, 1, 401), default)).WriteTo);
        var restored = New();
        using (var image = CheckpointFile.Open(disk, path))
        {
            Assert.Equal(meta.Index, NodeCheckpoint.ReadRaft(image).Meta.Index);
            restored.Restore(new BoltBucketSource(image.Reader), meta);
        }
        Assert.True(WholeHash.Of(root) == WholeHash.Of(restored.Root), $"seed {seed}");
        Assert.Equal(root.AppliedIndex, restored.Root.AppliedIndex);
        for (var i = 400; i < 600; i++)
        {
            var (request, again) = (Any(random, i), default(InternalRaftRequest));
            again = request.Clone();
            var (one, other) = (machine.Apply(request), restored.Apply(again));
            Assert.True(one.Error == other.Error && Equals(one.Response, other.Response), $"seed {seed} request {i}: {request}");
        }
        Assert.True(WholeHash.Of(machine.Publish(601, 3)) == WholeHash.Of(restored.Publish(601, 3)), $"seed {seed}");
    }

    private static InternalRaftRequest Any(Random random, int i) => random.Next(20) switch
    {
        < 9 => Put($"k{random.Next(30)}", $"v{i}", lease: random.Next(3) == 0 ? random.Next(1, 5) : 0),
        < 12 => Delete($"k{random.Next(30)}"),
        < 14 => Txn($"k{random.Next(30)}", $"t{i}"),
        < 16 => Grant(random.Next(1, 5), 60),
        16 => Revoke(random.Next(1, 5)),
        17 => Compact(random.Next(1, i + 2)),
        18 => Alarm(random.Next(2) == 0 ? _activate : _deactivate, AlarmType.Nospace, (ulong)random.Next(2, 4)),
        _ => new InternalRaftRequest { ClusterVersionSet = new ClusterVersionSet { Version = "3.6.0" } },
    };

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static byte[] Member(ulong id, string url) => new ClusterMember(new NodeId(id), "", [url], [], false).ToJson();

    private static ConfChangeV2 Change(ConfChangeType type, ulong id, byte[]? member = null) =>
        new ConfChange(type, id, member ?? ReadOnlyMemory<byte>.Empty).AsV2();
}

using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Raft;

namespace Kv.Actors.Apply;

/// <summary>What this member is at the moment, for whoever answers clients: written by the Raft and store actors, read by any thread.</summary>
public sealed class NodeStatus
{
    private long _commit;
    private long _applied;
    private long _leaseChanges;
    private long _leaderChanges;
    private long _ticked;
    private volatile RaftView _raft = new(0, RaftConfig.None, Role.Follower, IsSoleVoter: false, IsLearner: false);

    /// <summary>The status of one member of one cluster.</summary>
    public NodeStatus(NodeId self, ClusterId cluster)
    {
        Self = self;
        Cluster = cluster;
    }

    /// <summary>This member.</summary>
    public NodeId Self { get; }

    /// <summary>Its cluster.</summary>
    public ClusterId Cluster { get; }

    /// <summary>Term, leader and role, all of one moment.</summary>
    public RaftView Raft => _raft;

    /// <summary>Highest index known committed.</summary>
    public ulong CommitIndex => (ulong)Interlocked.Read(ref _commit);

    /// <summary>Highest index applied and published.</summary>
    public ulong AppliedIndex => (ulong)Interlocked.Read(ref _applied);

    /// <summary>Changes of leases applied here, all in all.</summary>
    public long LeaseChanges => Interlocked.Read(ref _leaseChanges);

    /// <summary>When Raft's clock last ticked: long ago where the process was paused, or its thread is busy.</summary>
    public MonotonicTime Ticked => new(Interlocked.Read(ref _ticked));

    /// <summary>Leader changes seen since the start.</summary>
    public long LeaderChanges => Interlocked.Read(ref _leaderChanges);

    /// <summary>Told by the Raft actor whenever term, leader, role or membership changes.</summary>
    public void Publish(RaftView view)
    {
        if (view.Leader != _raft.Leader && view.Leader != RaftConfig.None)
        {
            Interlocked.Increment(ref _leaderChanges);
        }
        _raft = view;
    }

    /// <summary>Told by the Raft actor.</summary>
    public void PublishTick(MonotonicTime now) => Interlocked.Exchange(ref _ticked, now.Nanoseconds);

    /// <summary>Told by the Raft actor.</summary>
    public void PublishCommit(ulong index) => Interlocked.Exchange(ref _commit, (long)index);

    /// <summary>Told by the store actor, after the root that contains it.</summary>
    public void PublishApplied(ulong index) => Interlocked.Exchange(ref _applied, (long)index);

    /// <summary>Told by the store actor, before the root that contains them.</summary>
    public void PublishLeaseChanges(long total) => Interlocked.Exchange(ref _leaseChanges, total);

    /// <summary>A response header of this moment; <paramref name="revision"/> is 0 where the API says so.</summary>
    public ResponseHeader Header(long revision) => new()
    {
        ClusterId = Cluster.Value,
        MemberId = Self.Value,
        RaftTerm = _raft.Term,
        Revision = revision,
    };

    /// <summary>Fills in what a header says of the member; the revision stays as it is.</summary>
    public void Stamp(ResponseHeader header)
    {
        header.ClusterId = Cluster.Value;
        header.MemberId = Self.Value;
        header.RaftTerm = _raft.Term;
    }
}

/// <summary>Raft as seen from outside.</summary>
/// <param name="Term">Current term.</param>
/// <param name="Leader">The known leader, or 0.</param>
/// <param name="Role">What this member is.</param>
/// <param name="IsSoleVoter">It is the only voter of the configuration.</param>
/// <param name="IsLearner">It replicates without a vote.</param>
public sealed record RaftView(ulong Term, ulong Leader, Role Role, bool IsSoleVoter, bool IsLearner)
{
    /// <summary>Some leader is known.</summary>
    public bool HasLeader => Leader != RaftConfig.None;

    /// <summary>This member leads.</summary>
    public bool IsLeader => Role == Role.Leader;
}

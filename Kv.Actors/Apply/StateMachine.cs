using Google.Protobuf;
using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;
using Kv.Persistence;

namespace Kv.Actors.Apply;

/// <summary>What applying one request answered.</summary>
/// <param name="Response">The API's message, its header holding the revision only; null with an error and for requests nobody waits for.</param>
/// <param name="Error">Why there is none.</param>
public readonly record struct Applied(IMessage? Response, KvError Error);

/// <summary>The replicated state: applies committed requests in order, and nothing else changes it. One writer.</summary>
/// <remarks>Deterministic: the same entries give the same state on every member. No clock, no randomness, no I/O.</remarks>
public sealed class StateMachine
{
    private readonly LeaseTable _leases;
    private readonly KvApplier _kv;
    private readonly NodeId _self;
    private readonly long _quotaBytes;
    private readonly List<LeaseChange> _leaseChanges = [];
    private AlarmSet _alarms = AlarmSet.Empty;
    private MemberSet _members = MemberSet.Empty;
    private string? _clusterVersion;
    private ConfState _conf = ConfState.Empty;

    /// <summary>An empty state.</summary>
    /// <param name="self">This member, the one whose quota is checked.</param>
    /// <param name="minTtlSeconds">Shorter leases are raised to this.</param>
    /// <param name="quotaBytes">Puts and grants that would pass this size are refused; 0 or less is no limit.</param>
    public StateMachine(NodeId self, long minTtlSeconds, long quotaBytes)
        : this(self, minTtlSeconds, quotaBytes, new MvccStore())
    {
    }

    private StateMachine(NodeId self, long minTtlSeconds, long quotaBytes, MvccStore store)
    {
        _self = self;
        _quotaBytes = quotaBytes;
        _leases = new LeaseTable(minTtlSeconds);
        Store = store;
        _kv = new KvApplier(Store, _leases);
        Root = new StoreRoot(Store.Root, _leases.View(), _alarms, _members, null, 0, 0, _conf);
    }

    /// <summary>An empty state with the same settings.</summary>
    /// <param name="store">Its keys, if they are being restored already: <see cref="Restore"/> ends it.</param>
    public StateMachine Fresh(MvccStore? store = null) => new(_self, _leases.MinimumTtl, _quotaBytes, store ?? new MvccStore());

    /// <summary>Keys, values and history.</summary>
    public MvccStore Store { get; }

    /// <summary>The state last published.</summary>
    public StoreRoot Root { get; private set; }

    /// <summary>The members, published or not.</summary>
    public MemberSet Members => _members;

    /// <summary>A put was refused for space since this was last asked, and no alarm tells the cluster yet.</summary>
    public bool TakeSpaceExceeded()
    {
        var exceeded = _spaceExceeded && !_alarms.Contains(_self, AlarmType.Nospace);
        _spaceExceeded = false;
        return exceeded;
    }

    private bool _spaceExceeded;

    /// <summary>The lease changes since they were last taken.</summary>
    public IReadOnlyList<LeaseChange> TakeLeaseChanges()
    {
        if (_leaseChanges.Count == 0)
        {
            return [];
        }
        var taken = _leaseChanges.ToArray();
        _leaseChanges.Clear();
        return taken;
    }

    /// <summary>Keys hanging on a lease, ascending; null when there is no such lease.</summary>
    public IReadOnlyList<byte[]>? KeysOf(LeaseId id) => _leases.Contains(id) ? _leases.KeysOf(id) : null;

    /// <summary>Applies one request. Errors are answers too: they are the same on every member.</summary>
    public Applied Apply(InternalRaftRequest request)
    {
        if (Refusal(request) is var refused and not KvError.None)
        {
            return new Applied(null, refused);
        }
        switch (request.BodyCase)
        {
            case InternalRaftRequest.BodyOneofCase.Put:
                return Answer(_kv.Apply(request.Put));
            case InternalRaftRequest.BodyOneofCase.DeleteRange:
                return Answer(_kv.Apply(request.DeleteRange));
            case InternalRaftRequest.BodyOneofCase.Txn:
                return Answer(_kv.Apply(request.Txn));
            case InternalRaftRequest.BodyOneofCase.Compaction:
                return Answer(_kv.Apply(request.Compaction));
            case InternalRaftRequest.BodyOneofCase.LeaseGrant:
                return Grant(request.LeaseGrant);
            case InternalRaftRequest.BodyOneofCase.LeaseRevoke:
                return Revoke(new LeaseId(request.LeaseRevoke.ID));
            case InternalRaftRequest.BodyOneofCase.LeaseCheckpoint:
                return Checkpoint(request.LeaseCheckpoint);
            case InternalRaftRequest.BodyOneofCase.Alarm:
                return Alarm(request.Alarm);
            case InternalRaftRequest.BodyOneofCase.ClusterVersionSet:
                _clusterVersion = request.ClusterVersionSet.Version;
                return new Applied(new Published(), KvError.None);
            case InternalRaftRequest.BodyOneofCase.MemberAttributes:
                Publish(request.MemberAttributes);
                return new Applied(new Published(), KvError.None);
            default:
                // A body from a later version: a member that cannot apply it would silently differ from those that can.
                throw new InvalidOperationException($"Entry of request {request.Header?.Id} has a body this version does not know.");
        }
    }

    /// <summary>Whether a request says what is so already: what a member tells of itself, and the cluster's version.</summary>
    public bool Holds(InternalRaftRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.BodyCase switch
        {
            InternalRaftRequest.BodyOneofCase.ClusterVersionSet => request.ClusterVersionSet.Version == _clusterVersion,
            InternalRaftRequest.BodyOneofCase.MemberAttributes => _members.Find(new NodeId(request.MemberAttributes.MemberId)) is { } member
                && member.Name == request.MemberAttributes.Name && member.ClientUrls.SequenceEqual(request.MemberAttributes.ClientUrls),
            _ => false,
        };
    }

    /// <summary>Judges a membership change and, unless it is refused, applies it to the members and to Raft's configuration.</summary>
    public MemberVerdict Apply(ConfChangeV2 change)
    {
        var verdict = MemberChanges.Judge(_members, change);
        if (verdict.Accepted)
        {
            _members = verdict.Members;
            _conf = ConfChanger.Apply(_conf, change);
        }
        return verdict;
    }

    /// <summary>Makes everything applied so far visible to readers.</summary>
    public StoreRoot Publish(ulong appliedIndex, ulong appliedTerm)
    {
        Root = new StoreRoot(Store.Publish(), _leases.View(), _alarms, _members, _clusterVersion, appliedIndex, appliedTerm, _conf);
        return Root;
    }

    /// <summary>Replaces everything by a checkpoint's content and publishes it.</summary>
    /// <param name="source">The checkpoint's buckets.</param>
    /// <param name="meta">Which entry it stands at, and the membership as of that.</param>
    /// <param name="workers">Read ahead; null for none.</param>
    /// <exception cref="InvalidDataException">A record is not what its bucket holds.</exception>
    public StoreRoot Restore(IBucketSource source, SnapshotMeta meta, Workers? workers = null)
    {
        ArgumentNullException.ThrowIfNull(meta);
        var image = EtcdSchema.Read(source, Store, workers);
        foreach (var lease in image.Leases)
        {
            _leases.Load(lease);
        }
        foreach (var kv in image.Leases.Count == 0 ? [] : Store.Root.Range(new RangeQuery(KeyRange.All)).Value!.Kvs)
        {
            if (!kv.Lease.IsNone && _leases.Contains(kv.Lease))
            {
                _leases.Attach(kv.Lease, kv.Key);
            }
        }
        _alarms = image.Alarms.Aggregate(AlarmSet.Empty, static (set, alarm) => set.Raise(new NodeId(alarm.MemberID), alarm.Alarm));
        _members = RootImage.MembersOf(image);
        _clusterVersion = image.ClusterVersion.Length == 0 ? null : image.ClusterVersion;
        _conf = meta.ConfState;
        return Publish(meta.Index, meta.Term);
    }

    private static Applied Answer<T>(Outcome<T> outcome)
        where T : class, IMessage => new(outcome.Value, outcome.Error);

    private KvError Refusal(InternalRaftRequest request)
    {
        var error = WriteRules.Check(request, _alarms, Store.Stats.SizeBytes, _quotaBytes, out var overQuota);
        _spaceExceeded |= overQuota;
        return error;
    }

    private Applied Grant(LeaseGrantRequest request)
    {
        var id = new LeaseId(request.ID);
        var error = _leases.Grant(id, request.TTL, out var ttlSeconds);
        if (error != KvError.None)
        {
            return new Applied(null, error);
        }
        _leaseChanges.Add(new LeaseChange(LeaseChangeKind.Granted, id, ttlSeconds));
        return new Applied(new LeaseGrantResponse { Header = Header(), ID = request.ID, TTL = ttlSeconds }, KvError.None);
    }

    /// <summary>Every key of the lease dies in one revision; no revision when it has none (reference, revoke).</summary>
    private Applied Revoke(LeaseId id)
    {
        var error = _leases.Revoke(id, out var keys);
        if (error != KvError.None)
        {
            return new Applied(null, error);
        }
        if (keys.Count > 0)
        {
            _kv.DeleteKeys([.. keys]);
        }
        _leaseChanges.Add(new LeaseChange(LeaseChangeKind.Revoked, id, 0));
        return new Applied(new LeaseRevokeResponse { Header = Header() }, KvError.None);
    }

    private Applied Checkpoint(LeaseCheckpointRequest request)
    {
        foreach (var checkpoint in request.Checkpoints)
        {
            if (_leases.Checkpoint(new LeaseId(checkpoint.ID), checkpoint.RemainingTTL))
            {
                _leaseChanges.Add(new LeaseChange(LeaseChangeKind.Checkpointed, new LeaseId(checkpoint.ID), checkpoint.RemainingTTL));
            }
        }
        return new Applied(new LeaseCheckpointResponse { Header = Header() }, KvError.None);
    }

    private Applied Alarm(AlarmRequest request)
    {
        var response = new AlarmResponse { Header = Header() };
        var member = new NodeId(request.MemberID);
        switch (request.Action)
        {
            case AlarmRequest.Types.AlarmAction.Get:
                response.Alarms.AddRange(_alarms.Of(request.Alarm));
                break;
            case AlarmRequest.Types.AlarmAction.Activate when request.Alarm != AlarmType.None:
                _alarms = _alarms.Raise(member, request.Alarm);
                response.Alarms.Add(new AlarmMember { MemberID = request.MemberID, Alarm = request.Alarm });
                break;
            case AlarmRequest.Types.AlarmAction.Deactivate when _alarms.Contains(member, request.Alarm):
                _alarms = _alarms.Clear(member, request.Alarm);
                response.Alarms.Add(new AlarmMember { MemberID = request.MemberID, Alarm = request.Alarm });
                break;
        }
        return new Applied(response, KvError.None);
    }

    private void Publish(MemberAttributes attributes)
    {
        if (_members.Find(new NodeId(attributes.MemberId)) is { } member)
        {
            _members = _members.With(member with { Name = attributes.Name, ClientUrls = [.. attributes.ClientUrls] });
        }
    }

    private ResponseHeader Header() => new() { Revision = Store.CurrentRevision };
}

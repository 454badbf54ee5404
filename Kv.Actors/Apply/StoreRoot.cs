using Kv.Actors.Cluster;
using Kv.Actors.Lease;
using Kv.Actors.Mvcc;
using Kv.Actors.Raft;

namespace Kv.Actors.Apply;

/// <summary>The whole state at one applied index. Immutable: whoever holds it reads it as long as it likes, on any thread.</summary>
/// <param name="Kv">Keys, values and history.</param>
/// <param name="Leases">Leases granted and not revoked.</param>
/// <param name="Alarms">Alarms raised.</param>
/// <param name="Members">Who belongs to the cluster.</param>
/// <param name="ClusterVersion">The agreed version as <c>major.minor.0</c>, or null before there is one.</param>
/// <param name="AppliedIndex">Last entry applied.</param>
/// <param name="AppliedTerm">That entry's term.</param>
/// <param name="ConfState">Raft's membership as of that entry.</param>
public sealed record StoreRoot(
    MvccRoot Kv,
    LeaseView Leases,
    AlarmSet Alarms,
    MemberSet Members,
    string? ClusterVersion,
    ulong AppliedIndex,
    ulong AppliedTerm,
    ConfState ConfState);

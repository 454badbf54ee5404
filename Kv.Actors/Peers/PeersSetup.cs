using System.Collections.Immutable;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Meters;
using Kv.Persistence;

namespace Kv.Actors.Peers;

/// <summary>What the peer traffic of a member is started with.</summary>
/// <param name="Status">Who this member is, and whom it follows.</param>
/// <param name="Roots">What snapshots are taken of.</param>
/// <param name="PeerUrls">Where this member is reached.</param>
/// <param name="Known">Members known before the log tells of any: those that a joining member was told of.</param>
/// <param name="Table">Where it is written down who is heard.</param>
/// <param name="Services">What is done for others.</param>
/// <param name="Limits">Bounds.</param>
/// <param name="Shelf">Where snapshots lie, those that come and those that go.</param>
/// <param name="Workers">Who writes and reads them.</param>
/// <param name="Forwards">Numbers what is forwarded.</param>
/// <param name="Clock">Monotonic time.</param>
/// <param name="Metrics">Counts what was done.</param>
public sealed record PeersSetup(
    NodeStatus Status,
    RootHolder Roots,
    ImmutableArray<string> PeerUrls,
    MemberSet Known,
    PeerTable Table,
    PeerServices Services,
    PeerLimits Limits,
    SnapshotShelf Shelf,
    Workers Workers,
    ForwardNumbers Forwards,
    TimeProvider Clock,
    Metrics Metrics);

using Kv.Actors.Lease;
using Kv.Actors.Protos.Authpb;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Apply;

/// <summary>All that an etcd database holds besides keys. Order does not matter; writing sorts.</summary>
public sealed record EtcdImage
{
    /// <summary>Version of the layout, and of the cluster, that this service writes.</summary>
    public const string Version = "3.6.0";

    /// <summary>Index of the last entry applied.</summary>
    public ulong ConsistentIndex { get; init; }

    /// <summary>Term of that entry.</summary>
    public ulong Term { get; init; }

    /// <summary>Voters and learners as raft's ConfState in JSON; empty when unknown.</summary>
    public string ConfStateJson { get; init; } = "";

    /// <summary>Layout version; empty in files older than 3.6.</summary>
    public string StorageVersion { get; init; } = Version;

    /// <summary>Version the members agreed on; empty when they have not.</summary>
    public string ClusterVersion { get; init; } = Version;

    /// <summary>A downgrade under way, in JSON; empty for none.</summary>
    public string DowngradeJson { get; init; } = "";

    /// <summary>Granted leases. Which keys they have is in the keys.</summary>
    public IReadOnlyList<LeaseFact> Leases { get; init; } = [];

    /// <summary>Active alarms.</summary>
    public IReadOnlyList<AlarmMember> Alarms { get; init; } = [];

    /// <summary>Whether auth is on.</summary>
    public bool AuthEnabled { get; init; }

    /// <summary>Counts changes of users, roles and the switch.</summary>
    public ulong AuthRevision { get; init; }

    /// <summary>Users, with hashed passwords.</summary>
    public IReadOnlyList<User> Users { get; init; } = [];

    /// <summary>Roles.</summary>
    public IReadOnlyList<Role> Roles { get; init; } = [];

    /// <summary>Members by id, each in etcd's JSON.</summary>
    public IReadOnlyList<(ulong Id, string Json)> Members { get; init; } = [];

    /// <summary>Ids that were members once and may not come back.</summary>
    public IReadOnlyList<ulong> RemovedMembers { get; init; } = [];
}

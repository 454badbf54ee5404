using System.Globalization;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Persistence.Bolt;
using Kv.Persistence.Checkpoint;
using Kv.Persistence.Etcd;
using Kv.Persistence.Io;

namespace Kv.Actors.Node;

/// <summary>What was taken over from etcd; for the log.</summary>
/// <param name="Index">Raft's index that this member goes on from.</param>
/// <param name="Term">Its term.</param>
/// <param name="Revision">The store's revision.</param>
/// <param name="Keys">Live keys.</param>
/// <param name="Leases">Leases.</param>
internal sealed record TakenOver(ulong Index, ulong Term, long Revision, long Keys, int Leases);

/// <summary>Makes a data directory of etcd's this member's own: what <c>etcdctl snapshot restore</c> made, or what a lone etcd left when it was stopped.</summary>
/// <remarks>
/// The database becomes a first checkpoint, written beside etcd's files, which are then set aside as they were. Only the database is
/// read: a log with requests that are not in it is refused, for they could not be applied here. The membership is the flags', as
/// in etcd, whose ids for the same flags are the same.
/// </remarks>
internal static class EtcdTakeover
{
    /// <summary>Takes the directory over if etcd made it.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="settings">Where the directory is, and which members it is for.</param>
    /// <param name="clock">Dates the checkpoint.</param>
    /// <returns>What was taken over; null if there was nothing to.</returns>
    /// <exception cref="ForeignDirectoryException">It cannot be; the message says why, and nothing was changed.</exception>
    /// <exception cref="DiskLockedException">An etcd is running on it.</exception>
    public static TakenOver? Run(IDisk disk, KvSettings settings, TimeProvider clock)
    {
        var path = settings.DataDir;
        if (!DataDirectory.IsEtcds(disk, path))
        {
            return null;
        }
        IReadOnlyList<ClusterMember> members = InitialCluster.Found(settings.InitialMembers, settings.ClusterToken);
        var self = members.FirstOrDefault(member => member.Name == settings.Name)?.Id ?? throw new InvalidDataException(InitialCluster.CannotFind(settings.Name));
        var cluster = MemberIds.Cluster(members.Select(static member => member.Id));
        var database = $"{path}/member/snap/db";
        disk.Lock(database).Dispose();                         // etcd holds the same lock while it runs; reading keeps it from starting
        try
        {
            var wal = EtcdWal.Read(disk, settings.WalDir);
            if (wal.NodeId != self.Value || wal.ClusterId != cluster.Value)
            {
                throw Refused(path, $"it belongs to member {Hex(wal.NodeId)} of cluster {Hex(wal.ClusterId)}, these flags make {self} of {cluster}: give the "
                    + "--name, --initial-cluster, --initial-cluster-token and --initial-advertise-peer-urls that it was made with");
            }
            var machine = new StateMachine(self, settings.MinLeaseTtlSeconds, quotaBytes: 0);
            using var reader = new BoltReader(BoltSource.From(disk.Open(database, DiskOpen.Read)));
            IBucketSource source = new BoltBucketSource(reader);
            var image = EtcdSchema.Read(source, new Mvcc.MvccStore());
            // What a restore leaves has nothing but its founders in its log; the members in its database are those of the cluster saved.
            var isRestored = wal.Entries.All(static entry => entry.IsConfChange);
            Check(path, wal, image, isRestored, members);
            var last = wal.Entries.Count > 0 ? wal.Entries[^1] : new EtcdEntry(wal.SnapshotIndex, wal.SnapshotTerm, false, false);
            var index = Math.Max(1, Math.Max(last.Index, image.ConsistentIndex));
            var term = Math.Max(1, last.Term);
            machine.Restore(
                isRestored ? new WithoutMembers(source) : source,
                new SnapshotMeta(index, term, isRestored ? ConfState.Empty : new ConfState(members.Select(static member => member.Id.Value))));
            foreach (var member in isRestored ? members : [])
            {
                machine.Apply(new ConfChange(ConfChangeType.AddNode, member.Id.Value, member.ToJson()).AsV2());
            }
            var root = machine.Publish(index, term);
            if (root.Members.Count != members.Count || root.ConfState.Voters.Length != members.Count)
            {
                throw new InvalidOperationException($"{members.Count} members gave a configuration of {root.ConfState}");
            }
            var raft = new RaftEvent.Checkpoint(
                new SnapshotMeta(index, term, root.ConfState), new HardState(Math.Max(term, wal.Term), 0, index), default);
            using var held = disk.Lock($"{path}/member/lock");     // another start of this service may have been faster
            if (!DataDirectory.IsEtcds(disk, path))
            {
                return null;
            }
            CheckpointFile.Write(
                disk, $"{path}/member/snap", new CheckpointInfo(RaftActor.Id, 1, clock.GetUtcNow().UtcTicks), new NodeCheckpoint(root, raft).WriteTo);
            DataDirectory.Claim(disk, path);
            return new TakenOver(index, term, root.Kv.CurrentRevision, root.Kv.Stats.Keys, root.Leases.Count);
        }
        catch (Exception unreadable) when (unreadable is DamagedFileException or InvalidDataException)
        {
            throw Refused(path, unreadable.Message);
        }
    }

    private static void Check(string path, EtcdWal wal, EtcdImage image, bool isRestored, IReadOnlyList<ClusterMember> members)
    {
        if (image.AuthEnabled || image.Users.Count + image.Roles.Count > 0)
        {
            throw Refused(path, $"it has {image.Users.Count} users and {image.Roles.Count} roles, and this release has no authentication yet");
        }
        if (!isRestored && image.Members.Count > 1)
        {
            throw Refused(path, $"it is one of a cluster of {image.Members.Count} that has run: save a snapshot with \"etcdctl snapshot save\" and restore it for each member");
        }
        if (!isRestored && !image.Members.Select(static member => member.Id).Order().SequenceEqual(members.Select(static member => member.Id.Value).Order()))
        {
            throw Refused(path, $"its cluster has the members {string.Join(", ", image.Members.Select(static member => Hex(member.Id)))}, the flags name others");
        }
        var lost = wal.Entries.Where(entry => entry.Index > image.ConsistentIndex && entry.IsRequest).ToList();
        if (lost.Count > 0)
        {
            throw Refused(path, $"its log holds {lost.Count} requests, from index {lost[0].Index}, that its database (index {image.ConsistentIndex}) has not: start etcd "
                + "on it once more and stop it with SIGTERM, or save a snapshot with \"etcdctl snapshot save\" and restore it");
        }
    }

    /// <summary>A database as a restore means it: without the members of the cluster it was saved from.</summary>
    private sealed class WithoutMembers(IBucketSource source) : IBucketSource
    {
        public IBucketCursor? Open(ReadOnlySpan<byte> name) =>
            name.SequenceEqual("members"u8) || name.SequenceEqual("members_removed"u8) ? null : source.Open(name);
    }

    private static ForeignDirectoryException Refused(string path, string why) => new(path, $"etcd made it and it cannot be taken over: {why}");

    private static string Hex(ulong id) => id.ToString("x", CultureInfo.InvariantCulture);
}

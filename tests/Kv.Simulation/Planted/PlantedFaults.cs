using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;
using Kv.Actors.Watch;
using Kv.Persistence.Bolt;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Planted;

/// <summary>Everything that is planted, to prove that the judges see it.</summary>
internal static class PlantedFaults
{
    private static readonly TimeSpan _cutsEnd = TimeSpan.FromSeconds(35);

    private const FaultKinds Rough = FaultKinds.Crashes | FaultKinds.Network | FaultKinds.Time;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<PlantedFault> All { get; } =
    [
        new("a vote is not persisted before the answer", "a journal that writes hard states without votes",
            Cluster(Rough, static world => Journal<ForgetsVotes>(world)), 1),
        new("acknowledged before it is on disk", "a journal whose writes are done before they are",
            Cluster(FaultKinds.Crashes, static world => Journal<AnswersTooSoon>(world)), 1),
        new("a disk that lies about syncs", "a simulated disk whose sync does nothing",
            Cluster(FaultKinds.Crashes, static world => Each(world, static machine => machine.Disk.LiesAboutSync = true)), 1),
        new("a committed suffix is cut off", "a journal that replays without the last entry",
            Cluster(FaultKinds.Crashes, static world => Journal<CutsSuffix>(world)), 1),
        new("a torn tail is kept", "a journal that replays the last entry with its end missing",
            Cluster(FaultKinds.Crashes, static world => Journal<KeepsTornTail>(world)), 1),
        new("an earlier term's entry is committed by counting", "a leader whose core is shown is told to commit what a majority holds; new leaders are cut off at once",
            Cluster(FaultKinds.None, CommitsByCounting), 220),
        new("a read index without a quorum", "heartbeats are answered on the leader's own side of every cut",
            Cluster(FaultKinds.Network, static world => world.Rewrite = AnswersHeartbeats), 11),
        new("a leader serves reads from its own state", "clients' reads at a member that believes to lead skip the read gate",
            Cluster(Rough, static world => world.ReadFrom = static node => node.Status.Raft.IsLeader
                ? Task.FromResult<Outcome<Actors.Apply.StoreRoot>>(node.Roots.Current)
                : node.Reads.LinearizableAsync(CancellationToken.None).AsTask()), 26),
        new("a snapshot is installed without its index", "snapshot offers on their way name the index before theirs",
            Cluster(Rough, static world => world.Rewrite = MisplacesSnapshots), 3),
        new("a forwarded write is carried out twice", "forwards on their way are repeated under a number of their own",
            Cluster(FaultKinds.None, static world => world.Rewrite = RepeatsForwards), 1),
        new("a watch skips a revision at catch-up", "of the responses that a stream sends one in fifty is lost",
            Cluster(FaultKinds.None, LosesResponses), 1),
        new("a lease is revoked by an old leader", "a lessor that is promoted with its member, never demoted, and told of no renewal",
            Cluster(Rough, KeepsOldLessors), 8),
        new("a membership change is applied when it is appended", "somebody who is shown the cores applies changes that are not committed yet",
            Cluster(FaultKinds.Members | FaultKinds.Network, AppliesChangesEarly), 1),
        new("a snapshot is made of two states", "snapshots have the keys of the one taken before, and the rest of now",
            Cluster(FaultKinds.None, MixesSnapshots), 1),
    ];

    private static SimPlan Cluster(FaultKinds faults, Action<SimWorld> plant) => SimPlan.Cluster with { Faults = faults, Plant = plant };

    private static void Journal<T>(SimWorld world) => world.PlantedHocon = $"kv.persistence.journal.class = \"{typeof(T).FullName}, Kv.Simulation\"";

    private static void Each(SimWorld world, Action<SimMachine> change)
    {
        foreach (var machine in world.Machines) change(machine);
    }

    private static void CommitsByCounting(SimWorld world)
    {
        world.PlantedHocon = "kv.raft.max-append-bytes = 1";         // one entry at a time: an old one is held before the new leader's first is
        (world.Links.Slowest, world.Links.Loss) = (TimeSpan.FromMilliseconds(1), 0);
        var led = new Dictionary<SimProcess, ulong>();
        var serving = false;
        world.AfterTurn = process =>
        {
            if (process.Raft is not { Role: Role.Leader } leader) return;
            for (var index = leader.Log.LastIndex; index > leader.Log.Committed; index--)
            {
                var held = leader.ConfState.Voters.Count(id => id == leader.Id ? leader.Log.Stable >= index : leader.ProgressOf(id)?.Match >= index);
                if (held * 2 <= leader.ConfState.Voters.Length) continue;
                leader.Log.CommitTo(index);
                break;
            }

            serving = serving || world.Machines.All(static machine => machine.IsServing);
            if (!serving || world.Timeline.Now > _cutsEnd.Ticks || led.GetValueOrDefault(process) == leader.Term) return;
            led[process] = leader.Term;
            var soon = world.Random.NextBool(0.5) ? 0 : world.Random.NextInt(500, 3000);
            world.Timeline.After(TimeSpan.FromMicroseconds(soon), () => CutOff(world, process.Machine));
        };
    }

    private static void CutOff(SimWorld world, SimMachine machine)
    {
        foreach (var other in world.Machines)
        {
            if (other == machine) continue;
            foreach (var link in (SimLink[])[world.Links[machine.Number, other.Number], world.Links[other.Number, machine.Number]])
            {
                link.IsCut = true;
                world.Timeline.After(TimeSpan.FromMilliseconds(world.Random.NextInt(1200, 4000)), () => link.IsCut = false);
            }
        }
    }

    private static IEnumerable<object> AnswersHeartbeats(SimProcess from, SimMachine to, object message)
    {
        if (message is PeerMessage.Consensus { Message: RaftMessage.Heartbeat heartbeat } consensus && from.Actors is { } system)
        {
            var forged = new PeerMessage.Consensus(
                new RaftMessage.HeartbeatReply(heartbeat.ReadPosition) { From = heartbeat.To, To = heartbeat.From, Term = heartbeat.Term }, 0)
            {
                Cluster = consensus.Cluster,
                From = consensus.To,
                To = consensus.From,
            };
            from.Queue(() => system.ActorSelection("/user/node/peers").Tell(forged, Akka.Actor.ActorRefs.NoSender));
        }

        return [message];
    }

    private static IEnumerable<object> MisplacesSnapshots(SimProcess from, SimMachine to, object message) =>
        [message is PeerMessage.SnapshotOffer offer ? offer with { Meta = offer.Meta with { Index = offer.Meta.Index - 1 } } : message];

    private static IEnumerable<object> RepeatsForwards(SimProcess from, SimMachine to, object message) =>
        message is PeerMessage.Consensus { Message: RaftMessage.Propose } forward && from.Machine.World.Random.NextBool(0.2)
            ? [forward, forward with { Run = forward.Run + 1, Number = 1 }]
            : [message];

    private static void LosesResponses(SimWorld world) =>
        world.Passes = response => response.Kind != WatchResponseKind.Events || !world.Random.NextBool(0.02);

    private static void MixesSnapshots(SimWorld world)
    {
        Actors.Apply.StoreRoot? before = null;
        world.OpenSnapshot = node =>
        {
            var (keys, now) = (before ?? node.Roots.Current, node.Roots.Current);
            before = now;
            var file = new MemoryStream();
            var writer = new BoltWriter(file);
            Actors.Apply.EtcdSchema.Write(keys.Kv, Actors.Apply.RootImage.Of(now), new Actors.Apply.BoltBucketSink(writer));
            writer.Finish();
            file.Position = 0;
            return Task.FromResult<Stream>(file);
        };
    }

    private static void AppliesChangesEarly(SimWorld world)
    {
        var done = new HashSet<(SimProcess, ulong)>();
        Look();

        void Look()
        {
            foreach (var process in world.Machines.Select(static machine => machine.Process))
            {
                if (process?.Raft is not { } core) continue;
                for (var index = Math.Max(core.Log.Applying, core.Log.BaseIndex) + 1; index <= core.Log.LastIndex; index++)
                {
                    if (core.Log[index].IsConfChange && done.Add((process, index))) core.ApplyConfChange(core.Log[index]);
                }
            }

            world.Timeline.After(TimeSpan.FromMicroseconds(100), Look);
        }
    }

    /// <summary>For each member a second lessor, which nobody demotes.</summary>
    private static void KeepsOldLessors(SimWorld world)
    {
        var lessors = new Dictionary<SimProcess, (Lessor Lessor, ulong Term)>();
        Look();

        void Look()
        {
            foreach (var machine in world.Machines)
            {
                if (machine.Process is not { Node: { } node } process || machine.IsPaused) continue;
                var now = MonotonicTime.Of(machine.Clock);
                if (node.Status.Raft.IsLeader && (!lessors.TryGetValue(process, out var kept) || kept.Term != node.Status.Raft.Term))
                {
                    var lessor = new Lessor(node.Settings.Lessor);
                    lessor.Promote(now, TimeSpan.Zero, node.Roots.Current.Leases);
                    lessors[process] = (lessor, node.Status.Raft.Term);
                }
                else if (!node.Status.Raft.IsLeader && lessors.TryGetValue(process, out var old))
                {
                    Span<LeaseId> expired = new LeaseId[16];
                    var count = old.Lessor.PopExpired(now, expired);
                    foreach (var lease in expired[..count].ToArray())
                    {
                        process.Queue(() => _ = node.ProposeAsync<LeaseRevokeResponse>(
                            new InternalRaftRequest { LeaseRevoke = new LeaseRevokeRequest { ID = lease.Value } }));
                    }
                }
            }

            world.Timeline.After(TimeSpan.FromMilliseconds(200), Look);
        }
    }
}

using Akka.Actor;
using Akka.Serialization;
using Kv.Actors.Cluster;
using Kv.Actors.Node;
using Kv.Actors.Peers;

namespace Kv.Simulation.Machines;

/// <summary>A process's ways to the other members: what is told to one is turned into bytes, carried by the world's links, and made anew.</summary>
internal sealed class SimRoutes(SimProcess process) : IPeerRoutes
{
    /// <summary>Peer URL of a machine: its number is its port.</summary>
    public static string UrlOf(int machine) => $"http://10.0.0.{machine}:2380";

    /// <inheritdoc/>
    public ICanTell RouteTo(ClusterMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        foreach (var machine in process.Machine.World.Machines)
        {
            if (member.PeerUrls.Contains(machine.Url)) return new Route(process, machine);
        }

        return ActorRefs.Nobody;
    }

    /// <inheritdoc/>
    public void Attach(ActorSystem system) => process.Actors = (ExtendedActorSystem)system;

    private sealed class Route(SimProcess from, SimMachine to) : ICanTell
    {
        public void Tell(object message, IActorRef sender)
        {
            if (from.IsGone || from.Actors is not { } system) return;
            var world = from.Machine.World;
            if (message is PeerMessage.Consensus consensus) world.Judge?.Sent(consensus.Message, from.Raft);
            foreach (var told in world.Rewrite(from, to, message))
            {
                var serializer = system.Serialization.FindSerializerFor(told);
                var manifest = Serialization.ManifestFor(serializer, told);
                var bytes = serializer.ToBinary(told);
                world.Fingerprint.Add(bytes);
                world.Links.Send(from.Machine.Number, to.Number, bytes.Length, () => Arrive(bytes, serializer.Identifier, manifest));
            }
        }

        private void Arrive(byte[] bytes, int serializer, string manifest)
        {
            if (to.Process is not { Actors: { } system } process) return;
            process.Queue(() => system.ActorSelection("/user/node/peers").Tell(system.Serialization.Deserialize(bytes, serializer, manifest), ActorRefs.NoSender));
        }
    }
}

using System.Collections.Concurrent;
using Akka.Actor;
using Kv.Actors.Cluster;
using Kv.Actors.Node;
using Kv.Actors.Peers;

namespace Kv.Actors.Tests.Node;

/// <summary>Carries messages between nodes of this process, as bytes; links can be cut one way.</summary>
internal sealed class FakeNetwork
{
    private readonly ConcurrentDictionary<string, ActorSystem> _systems = new();
    private readonly ConcurrentDictionary<(string From, string To), bool> _cut = new();

    /// <summary>What is asked of every message before it goes: false loses it.</summary>
    public Func<PeerMessage, bool> Passes { get; set; } = static _ => true;

    /// <summary>What becomes of a message on its way.</summary>
    public Func<PeerMessage, PeerMessage> Rewrite { get; set; } = static message => message;

    /// <summary>Routes of the node at a URL.</summary>
    public IPeerRoutes From(string url) => new Routes(this, url);

    /// <summary>It is gone.</summary>
    public void Detach(string url) => _systems.TryRemove(url, out _);

    /// <summary>Cuts a node off from all others, or lets it back.</summary>
    public void Isolate(string url, IEnumerable<string> others, bool cut)
    {
        foreach (var other in others)
        {
            _cut[(url, other)] = _cut[(other, url)] = cut;
        }
    }

    private sealed class Routes(FakeNetwork network, string from) : IPeerRoutes
    {
        public void Attach(ActorSystem system) => network._systems[from] = system;

        public ICanTell RouteTo(ClusterMember member) => new Link(network, from, member.PeerUrls[0]);
    }

    private sealed class Link(FakeNetwork network, string from, string to) : ICanTell
    {
        public void Tell(object message, IActorRef sender)
        {
            var sent = (PeerMessage)message;
            if (network._systems.TryGetValue(to, out var system) && !network._cut.GetValueOrDefault((from, to)) && network.Passes(sent))
            {
                system.ActorSelection("/user/node/peers").Tell(PeerWire.Decode(PeerWire.Encode(network.Rewrite(sent))), ActorRefs.NoSender);
            }
        }
    }
}

using Akka.Actor;

namespace Akka.Cluster;

/// <summary>The same actor below <c>/system/cluster</c> on every node, by address; made once for each.</summary>
internal sealed class PeerSelections(IActorRefFactory context, string path)
{
    /// <summary>How many are kept: more than any cluster has nodes; nodes come and go, so it may not grow for ever.</summary>
    private const int MaxKept = 1_000;

    private readonly string[] _path = path.Split('/');
    private readonly Dictionary<Address, ActorSelection> _selections = [];

    internal ActorSelection this[Address address]
    {
        get
        {
            if (_selections.TryGetValue(address, out var selection)) return selection;
            if (_selections.Count >= MaxKept) _selections.Clear();
            selection = context.ActorSelection(new RootActorPath(address) / "system" / "cluster" / _path);
            _selections.Add(address, selection);
            return selection;
        }
    }
}

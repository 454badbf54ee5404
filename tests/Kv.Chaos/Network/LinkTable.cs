namespace Kv.Chaos.Network;

/// <summary>All links of a cluster, each direction on its own.</summary>
internal sealed class LinkTable(IEnumerable<string> members)
{
    private readonly Dictionary<(string From, string To), LinkState> _links = members
        .SelectMany(from => members.Where(to => to != from), static (from, to) => (from, to))
        .ToDictionary(static pair => pair, static _ => new LinkState());

    /// <summary>The way from one member to another.</summary>
    public LinkState this[string from, string to] => _links[(from, to)];

    /// <summary>Every way that a member's bytes take, out or in.</summary>
    public IEnumerable<LinkState> Of(string member) => _links.Where(l => l.Key.From == member || l.Key.To == member).Select(static l => l.Value);

    /// <summary>All of them.</summary>
    public IEnumerable<LinkState> All => _links.Values;
}

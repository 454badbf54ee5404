using System.Collections.Immutable;
using Kv.Actors.Model;

namespace Kv.Actors.Cluster;

/// <summary>A member as the settings of a first start list it.</summary>
public sealed record InitialMember(string Name, ImmutableArray<string> PeerUrls);

/// <summary>The members that a first start is told of: how a cluster is founded by them, and how a member that joins finds itself.</summary>
/// <remarks>Source: reference, bootstrap.</remarks>
public static class InitialCluster
{
    /// <summary>Reads <c>name=url</c> pairs; a name that comes again has several URLs.</summary>
    /// <exception cref="FormatException">A pair is not one, or a URL comes twice.</exception>
    public static IReadOnlyList<InitialMember> Parse(IEnumerable<string> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var members = new List<InitialMember>();
        var urls = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || at == pair.Length - 1)
            {
                throw new FormatException($"initial cluster has \"{pair}\", which is no name=url");
            }
            var (name, url) = (pair[..at].Trim(), pair[(at + 1)..].Trim());
            if (!urls.Add(url))
            {
                throw new FormatException($"initial cluster {string.Join(',', pairs)} has duplicate url");
            }
            var known = members.FindIndex(member => member.Name == name);
            if (known < 0)
            {
                members.Add(new InitialMember(name, [url]));
            }
            else
            {
                members[known] = members[known] with { PeerUrls = members[known].PeerUrls.Add(url) };
            }
        }
        return members;
    }

    /// <summary>The founders with their ids, ascending: every one of them begins with this list.</summary>
    public static ImmutableArray<ClusterMember> Found(IEnumerable<InitialMember> members, string token) =>
    [
        .. members.Select(member => new ClusterMember(MemberIds.Founding(member.PeerUrls, token), member.Name, member.PeerUrls, [], IsLearner: false))
            .OrderBy(static member => member.Id.Value),
    ];

    /// <summary>Finds a member that joins among those that the cluster has, by the URLs of all of them.</summary>
    /// <remarks>
    /// Whoever answers may not have heard yet that the member which was at these URLs before was removed, and another added in its
    /// place. That one has served, so it is told by its client URLs: its id is not for a member that begins with nothing, which would
    /// vote and acknowledge again what the id has voted and acknowledged. etcd checks this of founders only; asking once more helps.
    /// </remarks>
    /// <param name="listed">What the settings list.</param>
    /// <param name="existing">What the cluster says.</param>
    /// <param name="name">The name of the one that joins.</param>
    /// <param name="self">Its id.</param>
    /// <returns>Null, or why the two do not fit: etcd's words.</returns>
    public static string? Match(IReadOnlyList<InitialMember> listed, IReadOnlyList<ClusterMember> existing, string name, out NodeId self)
    {
        ArgumentNullException.ThrowIfNull(listed);
        ArgumentNullException.ThrowIfNull(existing);
        self = default;
        if (listed.Count != existing.Count)
        {
            return "member count is unequal";
        }
        foreach (var member in listed)
        {
            var urls = member.PeerUrls.Sort(StringComparer.Ordinal);
            var found = existing.FirstOrDefault(other => other.PeerUrls.Sort(StringComparer.Ordinal).SequenceEqual(urls));
            if (found is null)
            {
                return $"PeerURLs: no match found for existing member ({string.Join(',', urls)})";
            }
            if (member.Name == name)
            {
                if (HasServed(found))
                {
                    return AlreadyBootstrapped(found.Id);
                }
                self = found.Id;
            }
        }
        return self.Value == 0 ? CannotFind(name) : null;
    }

    /// <summary>Whether a member has told the cluster where clients reach it, which it does as soon as it can serve.</summary>
    public static bool HasServed(ClusterMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        return !member.ClientUrls.IsDefaultOrEmpty;
    }

    /// <summary>What etcd says where a member without data was there before.</summary>
    public static string AlreadyBootstrapped(NodeId member) => $"member {member} has already been bootstrapped";

    /// <summary>May a new cluster be founded by this list? Asked at a first start only.</summary>
    /// <param name="members">The list.</param>
    /// <param name="name">This member's name.</param>
    /// <param name="advertised">The peer URLs it tells others: those that the list has for it.</param>
    /// <returns>Null, or why not: etcd's words.</returns>
    public static string? WhyNotFound(IReadOnlyList<InitialMember> members, string name, IReadOnlyCollection<string> advertised)
    {
        ArgumentNullException.ThrowIfNull(members);
        if (members.FirstOrDefault(member => member.Name == name) is not { } self)
        {
            return CannotFind(name);
        }
        if (self.PeerUrls.Except(advertised).Order(StringComparer.Ordinal).Select(url => $"{name}={url}").ToArray() is { Length: > 0 } untold)
        {
            return $"--initial-cluster has {string.Join(',', untold)} but missing from --initial-advertise-peer-urls={string.Join(',', advertised.Order(StringComparer.Ordinal))}";
        }
        return advertised.Except(self.PeerUrls).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } unlisted
            ? $"--initial-advertise-peer-urls has {string.Join(',', unlisted)} but missing from --initial-cluster={Text(members)}"
            : null;
    }

    /// <summary>As the flag has it: <c>a=http://…,b=http://…</c>.</summary>
    public static string Text(IEnumerable<InitialMember> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        return string.Join(',', members.SelectMany(static member => member.PeerUrls.Select(url => $"{member.Name}={url}")));
    }

    /// <summary>What etcd says where the list is without the member itself.</summary>
    public static string CannotFind(string name) => $"couldn't find local name \"{name}\" in the initial cluster configuration";
}

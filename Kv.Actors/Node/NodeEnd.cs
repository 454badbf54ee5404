namespace Kv.Actors.Node;

/// <summary>Why a node cannot go on.</summary>
/// <param name="Reason">A sentence for the log.</param>
/// <param name="IsRemoved">The member was removed from its cluster: it may not start again.</param>
public sealed record NodeEnd(string Reason, bool IsRemoved = false)
{
    /// <summary>It was removed from the cluster; etcd's words.</summary>
    public static NodeEnd Removed { get; } = new("the member has been permanently removed from the cluster", IsRemoved: true);

    /// <summary>One of its parts ended.</summary>
    public static NodeEnd Of(string part) => new($"The node stopped because a part of it ended: {part}.");
}

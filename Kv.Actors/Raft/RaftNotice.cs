namespace Kv.Actors.Raft;

/// <summary>What the parts of a node tell the node itself.</summary>
public abstract record RaftNotice
{
    private RaftNotice()
    {
    }

    /// <summary>This member is removed from the cluster: it must end, and never come back as this member.</summary>
    public sealed record SelfRemoved : RaftNotice
    {
        /// <summary>The only one there is.</summary>
        public static readonly SelfRemoved Instance = new();
    }
}

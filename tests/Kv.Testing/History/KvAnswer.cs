namespace Kv.Testing.History;

/// <summary>What the store answered.</summary>
public abstract record KvAnswer
{
    private KvAnswer() { }

    /// <summary>The header's revision: the state that was read, or the revision that was written. 0 where an answer does not say.</summary>
    public long Revision { get; init; }

    /// <summary>Whether the answer shows that the store was changed.</summary>
    public abstract bool Changed { get; }

    /// <summary>Every key state the answer shows.</summary>
    public abstract IEnumerable<KeyRecord> Shown { get; }

    /// <summary>Answer of a range.</summary>
    public sealed record Range(IReadOnlyList<KeyRecord> Kvs, long Count, bool More = false) : KvAnswer
    {
        /// <inheritdoc/>
        public override bool Changed => false;

        /// <inheritdoc/>
        public override IEnumerable<KeyRecord> Shown => Kvs;

        /// <inheritdoc/>
        public override string ToString() => (Kvs.Count == 0 ? "nothing" : string.Join(", ", Kvs)) + (Count == Kvs.Count ? "" : $" of {Count}");
    }

    /// <summary>Answer of a put.</summary>
    public sealed record Put(KeyRecord? Previous = null) : KvAnswer
    {
        /// <inheritdoc/>
        public override bool Changed => true;

        /// <inheritdoc/>
        public override IEnumerable<KeyRecord> Shown => Previous is null ? [] : [Previous];

        /// <inheritdoc/>
        public override string ToString() => Previous is null ? "ok" : $"ok, before: {Previous}";
    }

    /// <summary>Answer of a delete.</summary>
    public sealed record Delete(long Deleted, IReadOnlyList<KeyRecord> Previous) : KvAnswer
    {
        /// <inheritdoc/>
        public override bool Changed => Deleted > 0;

        /// <inheritdoc/>
        public override IEnumerable<KeyRecord> Shown => Previous;

        /// <inheritdoc/>
        public override string ToString() => $"deleted {Deleted}" + (Previous.Count == 0 ? "" : $", before: {string.Join(", ", Previous)}");
    }

    /// <summary>Answer of a transaction.</summary>
    public sealed record Txn(bool Succeeded, IReadOnlyList<KvAnswer> Answers) : KvAnswer
    {
        /// <inheritdoc/>
        public override bool Changed => Answers.Any(static a => a.Changed);

        /// <inheritdoc/>
        public override IEnumerable<KeyRecord> Shown => Answers.SelectMany(static a => a.Shown);

        /// <inheritdoc/>
        public override string ToString() => $"{(Succeeded ? "then" : "else")} [{string.Join("; ", Answers)}]";
    }

    /// <summary>Answer of a revoke. It does not say whether keys went with the lease; its header's revision is not that of the change.</summary>
    public sealed record Revoke : KvAnswer
    {
        /// <inheritdoc/>
        public override bool Changed => false;

        /// <inheritdoc/>
        public override IEnumerable<KeyRecord> Shown => [];

        /// <inheritdoc/>
        public override string ToString() => "revoked";
    }
}

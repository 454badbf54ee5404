namespace Kv.Testing.History;

/// <summary>What a client asked of the store. A range is one key, or [Key, End); an End of <c>"\0"</c> means all keys from Key on.</summary>
public abstract record KvRequest
{
    private KvRequest() { }

    /// <summary>Whether it may change the store.</summary>
    public abstract bool MayWrite { get; }

    /// <summary>Reads a range; <paramref name="Revision"/> 0 reads the newest, <paramref name="Serializable"/> whatever the member has.</summary>
    public sealed record Range(string Key, string? End = null, long Limit = 0, long Revision = 0, bool Serializable = false) : KvRequest
    {
        /// <inheritdoc/>
        public override bool MayWrite => false;

        /// <inheritdoc/>
        public override string ToString() =>
            $"get {KeySpan.Text(Key, End)}{(Limit == 0 ? "" : $" limit {Limit}")}{(Revision == 0 ? "" : $" at revision {Revision}")}{(Serializable ? " serializable" : "")}";
    }

    /// <summary>Puts a key.</summary>
    public sealed record Put(string Key, string Value, long Lease = 0, bool PrevKv = false) : KvRequest
    {
        /// <inheritdoc/>
        public override bool MayWrite => true;

        /// <inheritdoc/>
        public override string ToString() => $"put {Key}={Value}{(Lease == 0 ? "" : $" lease {Lease:x}")}";
    }

    /// <summary>Deletes a range.</summary>
    public sealed record Delete(string Key, string? End = null, bool PrevKv = false) : KvRequest
    {
        /// <inheritdoc/>
        public override bool MayWrite => true;

        /// <inheritdoc/>
        public override string ToString() => $"delete {KeySpan.Text(Key, End)}";
    }

    /// <summary>Does one branch or the other, as the compares say, in one revision.</summary>
    public sealed record Txn(IReadOnlyList<KvCompare> Compares, IReadOnlyList<KvRequest> Then, IReadOnlyList<KvRequest> Else) : KvRequest
    {
        /// <inheritdoc/>
        public override bool MayWrite => Then.Any(static r => r.MayWrite) || Else.Any(static r => r.MayWrite);

        /// <inheritdoc/>
        public override string ToString() =>
            $"txn if [{string.Join(", ", Compares)}] then [{string.Join(", ", Then)}]{(Else.Count == 0 ? "" : $" else [{string.Join(", ", Else)}]")}";
    }

    /// <summary>Ends a lease and deletes its keys in one revision; also what the cluster does when a lease expires.</summary>
    public sealed record Revoke(long Lease, bool Expired = false) : KvRequest
    {
        /// <inheritdoc/>
        public override bool MayWrite => true;

        /// <inheritdoc/>
        public override string ToString() => Expired ? $"lease {Lease:x} expires" : $"revoke lease {Lease:x}";
    }
}

/// <summary>What a compare looks at.</summary>
public enum CompareOf
{
    /// <summary>How often the key was put since it was created; 0 when it does not exist.</summary>
    Version,

    /// <summary>The revision that created it; 0 when it does not exist.</summary>
    Create,

    /// <summary>The revision that changed it last; 0 when it does not exist.</summary>
    Mod,

    /// <summary>Its value; a key that does not exist fails every compare of values.</summary>
    Value,
}

/// <summary>One condition of a transaction: the key's version, revision or value equals what is given.</summary>
public sealed record KvCompare(string Key, CompareOf Of, long Number = 0, string? Value = null)
{
    /// <inheritdoc/>
    public override string ToString() => Of == CompareOf.Value ? $"{Key}={Value}" : $"{Of.ToString().ToLowerInvariant()}({Key})={Number}";
}

/// <summary>Ranges of keys as etcd has them, over strings compared by ordinal.</summary>
public static class KeySpan
{
    /// <summary>Whether a key lies in a range.</summary>
    public static bool Contains(string start, string? end, string key) => end switch
    {
        null => string.Equals(start, key, StringComparison.Ordinal),
        "\0" => string.CompareOrdinal(start, key) <= 0,
        _ => string.CompareOrdinal(start, key) <= 0 && string.CompareOrdinal(key, end) < 0,
    };

    /// <summary>For people.</summary>
    public static string Text(string start, string? end) => end switch { null => start, "\0" => $"[{start}, …)", _ => $"[{start}, {end})" };
}

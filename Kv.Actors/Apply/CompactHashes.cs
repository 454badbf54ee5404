namespace Kv.Actors.Apply;

/// <summary>Hashes taken at the last ten compactions. HashKV at exactly such a revision answers with them. Immutable.</summary>
/// <remarks>Members compare them: each was taken over the same records on every member, whenever that member came to compact.</remarks>
public sealed class CompactHashes
{
    /// <summary>How many are kept.</summary>
    public const int Kept = 10;

    private readonly KvHash[] _hashes;

    private CompactHashes(KvHash[] hashes) => _hashes = hashes;

    /// <summary>No compaction yet.</summary>
    public static CompactHashes None { get; } = new([]);

    /// <summary>The hashes kept, by ascending revision.</summary>
    public ReadOnlySpan<KvHash> All => _hashes;

    /// <summary>These and one more, without the one of the lowest revision if that makes eleven.</summary>
    public CompactHashes With(KvHash hash)
    {
        KvHash[] hashes = [.. _hashes, hash];
        Array.Sort(hashes, static (a, b) => a.HashRevision.CompareTo(b.HashRevision));
        return new CompactHashes(hashes.Length > Kept ? hashes[1..] : hashes);
    }

    /// <summary>The hash taken by the compaction at <paramref name="revision"/>.</summary>
    public bool TryGet(long revision, out KvHash hash)
    {
        foreach (var kept in _hashes)
        {
            if (kept.HashRevision == revision)
            {
                hash = kept;
                return true;
            }
        }
        hash = default;
        return false;
    }
}

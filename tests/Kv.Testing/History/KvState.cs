using System.Collections.Immutable;

namespace Kv.Testing.History;

/// <summary>The whole store at one point of an order of operations. Immutable.</summary>
/// <remarks>
/// <see cref="Fingerprint"/> is 128 bits over everything in it, kept up change by change: two states with equal fingerprints are
/// taken for equal by the search (a chance of 2^-64 even after 2^32 states).
/// </remarks>
public sealed class KvState
{
    private KvState(long revision, ImmutableSortedDictionary<string, KeyRecord> keys, ImmutableHashSet<long> dead, UInt128 content)
    {
        Revision = revision;
        Keys = keys;
        DeadLeases = dead;
        _content = content;
    }

    private readonly UInt128 _content;

    /// <summary>A new store: revision 1, no keys.</summary>
    public static KvState Empty { get; } =
        new(1, ImmutableSortedDictionary.Create<string, KeyRecord>(StringComparer.Ordinal), [], UInt128.Zero);

    /// <summary>Newest revision.</summary>
    public long Revision { get; }

    /// <summary>Live keys.</summary>
    public ImmutableSortedDictionary<string, KeyRecord> Keys { get; }

    /// <summary>Leases that were revoked or expired.</summary>
    public ImmutableHashSet<long> DeadLeases { get; }

    /// <summary>Stands for the whole state.</summary>
    public UInt128 Fingerprint => _content ^ Fingerprints.Of(Revision, 0x5e);

    /// <summary>A store with these keys at that revision.</summary>
    public static KvState At(long revision, IEnumerable<KeyRecord> keys) => keys.Aggregate(Empty.WithRevision(revision), static (state, key) => state.With(key));

    /// <summary>Live keys of a range, in order.</summary>
    public IEnumerable<KeyRecord> In(string start, string? end)
    {
        if (end is null)
        {
            return Keys.TryGetValue(start, out var one) ? [one] : [];
        }
        return Keys.Values.Where(k => KeySpan.Contains(start, end, k.Key));
    }

    internal KvState WithRevision(long revision) => new(revision, Keys, DeadLeases, _content);

    internal KvState With(KeyRecord key)
    {
        var content = Keys.TryGetValue(key.Key, out var old) ? _content ^ Fingerprints.Of(old) : _content;
        return new KvState(Revision, Keys.SetItem(key.Key, key), DeadLeases, content ^ Fingerprints.Of(key));
    }

    internal KvState Without(KeyRecord key) => new(Revision, Keys.Remove(key.Key), DeadLeases, _content ^ Fingerprints.Of(key));

    internal KvState WithDead(long lease) =>
        DeadLeases.Contains(lease) ? this : new KvState(Revision, Keys, DeadLeases.Add(lease), _content ^ Fingerprints.Of(lease, 0x1ea5e));
}

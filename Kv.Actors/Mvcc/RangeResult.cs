using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>What a range read found. Immutable; versions are shared with the store.</summary>
public sealed class RangeResult
{
    private readonly KeyVersion[] _kvs;
    private readonly int _length;

    internal RangeResult(KeyVersion[] kvs, int length, long count, bool more, long revision)
    {
        _kvs = kvs;
        _length = length;
        Count = count;
        More = more;
        Revision = revision;
    }

    /// <summary>Live versions, in the order asked for.</summary>
    public ReadOnlySpan<KeyVersion> Kvs => _kvs.AsSpan(0, _length);

    /// <summary>Keys in the range at the revision read, whatever the limit and the bounds.</summary>
    public long Count { get; }

    /// <summary>Whether the limit cut something off.</summary>
    public bool More { get; }

    /// <summary>The store's newest revision when it was read, not the one asked for.</summary>
    public long Revision { get; }
}

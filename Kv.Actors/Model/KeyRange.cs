namespace Kv.Actors.Model;

/// <summary>The keys a request selects: one key, <c>[Key, End)</c>, or everything from <c>Key</c> on.</summary>
/// <remarks>
/// <code>
///  key   range_end   selects
///  K     (empty)     exactly K
///  K     00          every key >= K
///  K     E           K &lt;= key &lt; E; nothing when E &lt;= K
/// </code>
/// Keys compare as unsigned bytes. Source: reference, range selection; the same for ranges, deletes, compares and watches.
/// </remarks>
public readonly struct KeyRange : IEquatable<KeyRange>
{
    private static readonly byte[] FromKeyEnd = [0];

    /// <summary>Takes <paramref name="key"/> and <paramref name="end"/> as a request carries them; both are kept, not copied.</summary>
    public KeyRange(byte[] key, byte[]? end)
    {
        Key = key;
        End = end is { Length: > 0 } ? end : null;
    }

    /// <summary>Every key there is.</summary>
    public static KeyRange All { get; } = new([0], FromKeyEnd);

    /// <summary>First key selected.</summary>
    public byte[] Key { get; }

    /// <summary>The request's <c>range_end</c>; null for a single key.</summary>
    public byte[]? End { get; }

    /// <summary>Exactly one key.</summary>
    public bool IsSingle => End is null;

    /// <summary>Every key from <see cref="Key"/> on: the end is the single byte zero.</summary>
    public bool IsFromKey => End is { Length: 1 } end && end[0] == 0;

    /// <summary>An end at or below the key (and not the from-key mark): selects nothing.</summary>
    public bool IsEmpty => End is not null && !IsFromKey && End.AsSpan().SequenceCompareTo(Key) <= 0;

    /// <summary>The range of one key.</summary>
    public static KeyRange Of(byte[] key) => new(key, null);

    /// <summary>Every key that starts with <paramref name="prefix"/>; the empty prefix is every key.</summary>
    public static KeyRange Prefix(byte[] prefix)
    {
        if (prefix.Length == 0)
        {
            return All;
        }
        var last = prefix.Length - 1;
        while (last >= 0 && prefix[last] == 0xff)
        {
            last--;
        }
        if (last < 0)
        {
            return new KeyRange(prefix, FromKeyEnd);
        }
        var end = prefix[..(last + 1)];
        end[last]++;
        return new KeyRange(prefix, end);
    }

    /// <summary>Whether <paramref name="key"/> is selected.</summary>
    public bool Contains(ReadOnlySpan<byte> key)
    {
        if (End is null)
        {
            return key.SequenceEqual(Key);
        }
        return key.SequenceCompareTo(Key) >= 0 && (IsFromKey || key.SequenceCompareTo(End) < 0);
    }

    /// <summary>Whether some key could be selected by both; empty ranges overlap nothing.</summary>
    public bool Overlaps(KeyRange other)
    {
        if (IsEmpty || other.IsEmpty)
        {
            return false;
        }
        return StartsBeforeEndOf(other) && other.StartsBeforeEndOf(this);
    }

    /// <inheritdoc/>
    public bool Equals(KeyRange other) =>
        Key.AsSpan().SequenceEqual(other.Key) && End.AsSpan().SequenceEqual(other.End) && End is null == other.End is null;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KeyRange other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Key);
        hash.Add(End?.Length ?? -1);
        hash.AddBytes(End);
        return hash.ToHashCode();
    }

    /// <summary>Same as <see cref="Equals(KeyRange)"/>.</summary>
    public static bool operator ==(KeyRange left, KeyRange right) => left.Equals(right);

    /// <summary>The opposite of <see cref="Equals(KeyRange)"/>.</summary>
    public static bool operator !=(KeyRange left, KeyRange right) => !left.Equals(right);

    private bool StartsBeforeEndOf(KeyRange other)
    {
        if (other.End is null)
        {
            return Key.AsSpan().SequenceCompareTo(other.Key) <= 0;
        }
        return other.IsFromKey || Key.AsSpan().SequenceCompareTo(other.End) < 0;
    }
}

using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>Reads a range of one root in chunks that fit a message: what a range stream sends.</summary>
/// <remarks>
/// The first chunk holds up to 10 keys; the next may hold twice as many while a chunk stays under half the size aimed at, and
/// half as many once one is over twice of it. Later writes are not seen. Source: reference, range stream.
/// </remarks>
public sealed class RangePager
{
    private const long FirstChunkKeys = 10;
    private readonly MvccRoot _root;
    private readonly RangeQuery _query;
    private readonly long _aimBytes;
    private readonly long _revision;
    private KeyRange _rest;
    private long _left;
    private long _sent;
    private long _chunkKeys = FirstChunkKeys;

    private RangePager(MvccRoot root, in RangeQuery query, long aimBytes)
    {
        _root = root;
        _query = query;
        _aimBytes = aimBytes;
        _revision = query.Revision <= 0 ? root.CurrentRevision : query.Revision;
        _rest = query.Keys;
        _left = query.Limit > 0 ? query.Limit : long.MaxValue;
    }

    /// <summary>Keys in the whole range at the revision read, known after the last chunk.</summary>
    public long Count { get; private set; }

    /// <summary>Whether the limit cut something off, known after the last chunk.</summary>
    public bool More { get; private set; }

    /// <summary>Whether the last chunk was handed out.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Begins at a root. Errors as for a range; also for orders and bounds, which a stream does not take.</summary>
    /// <param name="root">Read to the end, whatever is published meanwhile.</param>
    /// <param name="query">A count-only query is answered by <see cref="MvccRoot.Range"/> instead.</param>
    /// <param name="aimBytes">Size of keys and values aimed at in a chunk.</param>
    public static Outcome<RangePager> Begin(MvccRoot root, in RangeQuery query, long aimBytes)
    {
        if (!query.IsNaturalOrder)
        {
            return KvError.RangeStreamSort;
        }
        if (query.HasBounds)
        {
            return KvError.RangeStreamFilter;
        }
        var pager = new RangePager(root, query, aimBytes);
        if (pager._revision > root.CurrentRevision)
        {
            return KvError.FutureRev;
        }
        return pager._revision < root.CompactRevision ? KvError.Compacted : pager;
    }

    /// <summary>The next chunk; empty only if the whole range is. Call until <see cref="IsDone"/>.</summary>
    public RangeResult Next()
    {
        if (IsDone)
        {
            throw new InvalidOperationException("range stream read past its last chunk");
        }
        var query = _query with
        {
            Keys = _rest,
            Revision = _revision,
            Limit = Math.Min(_chunkKeys, _left),
            Order = RangeOrder.None,
            Target = RangeTarget.Key,       // without an order the target has no say in a stream: chunks follow the keys
        };
        var chunk = _root.Range(query).Value
            ?? throw new InvalidOperationException($"revision {_revision} left root {_root.CurrentRevision} while it was read");
        var kvs = chunk.Kvs;
        _left -= kvs.Length;
        if (!chunk.More || _left == 0)
        {
            IsDone = true;
            More = chunk.More;
            Count = _sent + chunk.Count;
            return chunk;
        }
        _sent += kvs.Length;
        var last = kvs[^1].Key;
        var next = new byte[last.Length + 1];
        last.CopyTo(next, 0);
        _rest = new KeyRange(next, _rest.End);
        Resize(kvs);
        return chunk;
    }

    private void Resize(ReadOnlySpan<KeyVersion> kvs)
    {
        var bytes = 0L;
        foreach (var kv in kvs)
        {
            bytes += kv.Key.Length + kv.Value.Length;
        }
        if (bytes < _aimBytes / 2)
        {
            _chunkKeys *= 2;
        }
        else if (bytes > _aimBytes * 2)
        {
            _chunkKeys = Math.Max(1, _chunkKeys / 2);
        }
    }
}

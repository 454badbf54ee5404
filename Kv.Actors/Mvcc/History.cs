using System.Collections;
using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>Changes in revision order, as one root sees them. Holds every change above the compact revision, and those at it.</summary>
/// <remarks>
/// A view of chunks that later roots go on appending to, behind what this one counts. Reading it costs no copy and takes no lock.
/// Looking up a revision is O(log n).
/// </remarks>
public readonly struct History
{
    internal const int ChunkBits = 10;
    internal const int ChunkLength = 1 << ChunkBits;
    private readonly KeyVersion[][] _chunks;

    internal History(KeyVersion[][] chunks, int count)
    {
        _chunks = chunks;
        Count = count;
    }

    /// <summary>Changes held.</summary>
    public int Count { get; }

    /// <summary>The change at a position, 0 being the oldest held.</summary>
    public KeyVersion this[int index] => _chunks[index >> ChunkBits][index & (ChunkLength - 1)];

    /// <summary>Position of the first change with a main revision of at least <paramref name="main"/>; <see cref="Count"/> if there is none.</summary>
    public int IndexOf(long main)
    {
        var low = 0;
        var high = Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (this[middle].ModRevision < main)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    /// <summary>Changes from main revision <paramref name="from"/> on: whole revisions only, and at least one if there is any.</summary>
    /// <param name="from">First main revision wanted.</param>
    /// <param name="maxRecords">No further revision is begun once this many changes are in.</param>
    /// <param name="maxBytes">Nor once keys and values in it add up to this.</param>
    public HistorySlice Read(long from, int maxRecords, long maxBytes)
    {
        var start = IndexOf(from);
        var end = start;
        var bytes = 0L;
        while (end < Count && end - start < maxRecords && bytes < maxBytes)
        {
            var main = this[end].ModRevision;
            while (end < Count && this[end].ModRevision == main)
            {
                bytes += this[end].Key.Length + this[end].Value.Length;
                end++;
            }
        }
        return new HistorySlice(this, start, end - start);
    }
}

/// <summary>A run of changes in revision order, never part of a main revision. Free to keep; holds its chunks in memory.</summary>
public readonly struct HistorySlice : IReadOnlyList<KeyVersion>
{
    private readonly History _history;
    private readonly int _start;

    internal HistorySlice(History history, int start, int count)
    {
        _history = history;
        _start = start;
        Count = count;
    }

    /// <summary>Changes in the run.</summary>
    public int Count { get; }

    /// <summary>Main revision to read from next; 0 when the run reaches the end of what its root knew.</summary>
    public long NextRevision => _start + Count < _history.Count ? _history[_start + Count].ModRevision : 0;

    /// <inheritdoc/>
    public KeyVersion this[int index] => _history[_start + index];

    /// <summary>Walks the run without allocating.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<KeyVersion> IEnumerable<KeyVersion>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Walks a <see cref="HistorySlice"/>.</summary>
    public struct Enumerator : IEnumerator<KeyVersion>
    {
        private readonly HistorySlice _slice;
        private int _index;

        internal Enumerator(HistorySlice slice)
        {
            _slice = slice;
            _index = -1;
        }

        /// <inheritdoc/>
        public readonly KeyVersion Current => _slice[_index];

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext() => ++_index < _slice.Count;

        /// <inheritdoc/>
        public void Reset() => _index = -1;

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}

/// <summary>The writer's end of history: appends, and drops whole chunks below a compaction.</summary>
internal sealed class HistoryLog
{
    private KeyVersion[][] _chunks = new KeyVersion[4][];
    private int _count;

    internal History View => new(_chunks, _count);

    internal void Add(KeyVersion change)
    {
        var chunk = _count >> History.ChunkBits;
        var offset = _count & (History.ChunkLength - 1);
        if (offset == 0)
        {
            if (chunk == _chunks.Length)
            {
                var chunks = new KeyVersion[chunk * 2][];
                Array.Copy(_chunks, chunks, chunk);
                _chunks = chunks;
            }
            _chunks[chunk] = new KeyVersion[History.ChunkLength];
        }
        _chunks[chunk][offset] = change;
        _count++;
    }

    /// <summary>Lets go of the chunks that lie wholly below <paramref name="main"/>. Views taken earlier keep them.</summary>
    internal void DropBelow(long main)
    {
        var drop = View.IndexOf(main) >> History.ChunkBits;
        if (drop == 0)
        {
            return;
        }
        var used = (_count + History.ChunkLength - 1) >> History.ChunkBits;
        var chunks = new KeyVersion[Math.Max(4, used - drop)][];
        Array.Copy(_chunks, drop, chunks, 0, used - drop);
        _chunks = chunks;
        _count -= drop << History.ChunkBits;
    }
}

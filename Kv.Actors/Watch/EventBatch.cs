using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>The events of one revision, or those of them that history still holds: shared by every watcher that wants any, and encoded
/// at most once for each form.</summary>
/// <remarks>Immutable to its readers. It never holds on to a root: previous versions are looked up by whoever builds it, before it is
/// handed over, so that a stalled stream does not keep old state alive.</remarks>
public sealed class EventBatch
{
    private readonly KeyVersion[] _events;
    private KeyVersion?[]? _previous;
    private Encoded? _plain;
    private Encoded? _withPrevious;
    private long _plainBytes;
    private long _withPreviousBytes;

    /// <param name="events">All of one main revision, in order of sub; kept, not copied.</param>
    public EventBatch(KeyVersion[] events)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentOutOfRangeException.ThrowIfZero(events.Length);
        _events = events;
        Revision = events[0].ModRevision;
    }

    /// <summary>The revision.</summary>
    public long Revision { get; }

    /// <summary>Events in it; at least one.</summary>
    public int Count => _events.Length;

    /// <summary>More than one watcher gets it, so that encoding it once for all pays.</summary>
    public bool IsShared { get; private set; }

    /// <summary>One event.</summary>
    public KeyVersion this[int index] => _events[index];

    /// <summary>The version before the event; null if there is none, or nobody asked for it.</summary>
    public KeyVersion? Previous(int index) => _previous?[index];

    /// <summary>Looks up what was before each event. Only by the builder, before the batch is handed over.</summary>
    public void LookUpPrevious(IWatchHistory root)
    {
        ArgumentNullException.ThrowIfNull(root);
        if (_previous is null)
        {
            var previous = new KeyVersion?[_events.Length];
            for (var i = 0; i < previous.Length; i++)
            {
                previous[i] = _events[i].IsCreate ? null : root.Previous(_events[i]);
            }
            _previous = previous;
        }
    }

    /// <summary>Says that more than one watcher gets it. Only by the builder, before the batch is handed over.</summary>
    public void Share() => IsShared = true;

    /// <summary>Bytes all events take in a response, tags and lengths included. O(n) the first time.</summary>
    public long Bytes(bool prevKv)
    {
        ref var cached = ref prevKv ? ref _withPreviousBytes : ref _plainBytes;
        if (cached == 0)
        {
            var sum = 0L;
            for (var i = 0; i < _events.Length; i++)
            {
                sum += BytesOf(i, prevKv);
            }
            cached = sum;
        }
        return cached;
    }

    /// <summary>Bytes one event takes in a response, tag and length included.</summary>
    public int BytesOf(int index, bool prevKv) => WatchWire.SizeOfEvent(_events[index], prevKv ? Previous(index) : null);

    /// <summary>Writes one event with tag and length; <paramref name="output"/> holds at least <see cref="BytesOf"/>.</summary>
    /// <returns>Bytes written.</returns>
    internal int Write(Span<byte> output, int index, bool prevKv)
    {
        if (!IsShared)
        {
            return WatchWire.WriteEvent(output, _events[index], prevKv ? Previous(index) : null);
        }
        var encoded = Encode(prevKv);
        var bytes = encoded.Bytes.AsSpan(encoded.Offsets[index]..encoded.Offsets[index + 1]);
        bytes.CopyTo(output);
        return bytes.Length;
    }

    /// <summary>Writes all events with tags and lengths.</summary>
    /// <returns>Bytes written.</returns>
    internal int WriteAll(Span<byte> output, bool prevKv)
    {
        if (IsShared)
        {
            var bytes = Encode(prevKv).Bytes;
            bytes.CopyTo(output);
            return bytes.Length;
        }
        var written = 0;
        for (var i = 0; i < _events.Length; i++)
        {
            written += WatchWire.WriteEvent(output[written..], _events[i], prevKv ? Previous(i) : null);
        }
        return written;
    }

    /// <summary>Two threads may both encode the first time; either result serves.</summary>
    private Encoded Encode(bool prevKv)
    {
        ref var slot = ref prevKv ? ref _withPrevious : ref _plain;
        var encoded = Volatile.Read(ref slot);
        if (encoded is null)
        {
            var bytes = new byte[Bytes(prevKv)];
            var offsets = new int[_events.Length + 1];
            for (var i = 0; i < _events.Length; i++)
            {
                offsets[i + 1] = offsets[i] + WatchWire.WriteEvent(bytes.AsSpan(offsets[i]), _events[i], prevKv ? Previous(i) : null);
            }
            encoded = new Encoded(bytes, offsets);
            Volatile.Write(ref slot, encoded);
        }
        return encoded;
    }

    private sealed record Encoded(byte[] Bytes, int[] Offsets);
}

/// <summary>One event of a batch.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Index">Which of its events.</param>
public readonly record struct EventRef(EventBatch Batch, int Index);

/// <summary>Events of one watcher that are not just one whole batch: a part of a revision, or several revisions.</summary>
/// <param name="Events">In order of revision; at least one.</param>
public sealed record EventRun(EventRef[] Events);

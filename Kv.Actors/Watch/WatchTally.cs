namespace Kv.Actors.Watch;

/// <summary>How many events were sent and wait to be sent, over all streams of a hub: added up when somebody looks.</summary>
/// <remarks>Each stream writes two numbers of its own, so that counting costs the streams nothing that they share. Thread-safe.</remarks>
public sealed class WatchTally
{
    private readonly Lock _gate = new();
    private readonly HashSet<Entry> _open = [];
    private long _sentByEnded;

    /// <summary>Events written to clients since the start.</summary>
    public long Sent
    {
        get
        {
            lock (_gate)
            {
                return _open.Aggregate(_sentByEnded, static (sum, entry) => sum + entry.Sent);
            }
        }
    }

    /// <summary>Events that are queued or being written. What a slow stream has left to history is not among them.</summary>
    public long Pending
    {
        get
        {
            lock (_gate)
            {
                return _open.Sum(static entry => entry.Pending);
            }
        }
    }

    /// <summary>A stream begins.</summary>
    public Entry Open()
    {
        var entry = new Entry();
        lock (_gate)
        {
            _open.Add(entry);
        }
        return entry;
    }

    /// <summary>A stream has ended: what it sent still counts, what waited is dropped.</summary>
    public void Close(Entry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        lock (_gate)
        {
            if (_open.Remove(entry))
            {
                _sentByEnded += entry.Sent;
            }
        }
    }

    /// <summary>One stream's numbers; written by the stream alone.</summary>
    public sealed class Entry
    {
        private long _pending;
        private long _sent;

        /// <summary>Events queued or being written.</summary>
        public long Pending => Volatile.Read(ref _pending);

        /// <summary>Events written.</summary>
        public long Sent => Volatile.Read(ref _sent);

        /// <summary>Sets both.</summary>
        public void Report(long pending, long sent)
        {
            Volatile.Write(ref _pending, pending);
            Volatile.Write(ref _sent, sent);
        }
    }
}

namespace Kv.Chaos.Network;

/// <summary>One direction between two members: what the proxies do to bytes that go that way. Safe for use from several threads.</summary>
/// <remarks>Faults may overlap: it is held as long as anyone holds it, and as slow as the slowest says.</remarks>
internal sealed class LinkState
{
    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _delays = [];
    private int _holds;
    private int _refusals;
    private TaskCompletionSource _changed = NewChange();

    /// <summary>Bytes wait, as packets that are dropped and sent again would; connections stay.</summary>
    public bool IsHeld
    {
        get
        {
            lock (_lock)
            {
                return _holds > 0;
            }
        }
    }

    /// <summary>Connections are broken, new ones are broken at once.</summary>
    public bool IsRefused
    {
        get
        {
            lock (_lock)
            {
                return _refusals > 0;
            }
        }
    }

    /// <summary>How long each piece of data is kept back.</summary>
    public TimeSpan Delay
    {
        get
        {
            lock (_lock)
            {
                return _delays.Count == 0 ? TimeSpan.Zero : _delays.Max();
            }
        }
    }

    /// <summary>Holds bytes until disposed of.</summary>
    public IDisposable Hold() => Until(static s => s._holds++, static s => s._holds--);

    /// <summary>Breaks connections until disposed of.</summary>
    public IDisposable Refuse() => Until(static s => s._refusals++, static s => s._refusals--);

    /// <summary>Keeps each piece of data back until disposed of.</summary>
    public IDisposable Slow(TimeSpan delay) => Until(s => s._delays.Add(delay), s => s._delays.Remove(delay));

    /// <summary>Ends when bytes may pass.</summary>
    public async Task PassAsync(CancellationToken cancellation)
    {
        while (Waiting() is { } changed)
        {
            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>Ends at the next change of any kind.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
            {
                return _changed.Task;
            }
        }
    }

    private Task? Waiting()
    {
        lock (_lock)
        {
            return _holds > 0 ? _changed.Task : null;
        }
    }

    private Ending Until(Action<LinkState> begin, Action<LinkState> end)
    {
        Change(begin);
        return new Ending(() => Change(end));
    }

    private void Change(Action<LinkState> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            change(this);
            (changed, _changed) = (_changed, NewChange());
        }
        changed.SetResult();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Ending(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}

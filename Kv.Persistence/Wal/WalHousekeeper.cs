namespace Kv.Persistence.Wal;

/// <summary>The log's second thread: makes the next segment and removes old ones, so that the writer never waits for either.</summary>
/// <remarks>A failure here is only told: the log itself goes on until it needs the room, and then fails with the disk's own error.</remarks>
internal sealed class WalHousekeeper : IDisposable
{
    private readonly WalLog _log;
    private readonly bool _prepare;
    private readonly IWalObserver? _observer;
    private readonly object _gate = new();
    private readonly Workers _workers;
    private readonly Thread? _thread;
    private long _removeBelow;
    private bool _woken;
    private bool _stopping;

    public WalHousekeeper(WalLog log, bool prepare, IWalObserver? observer, Workers workers)
    {
        _log = log;
        _prepare = prepare;
        _observer = observer;
        _workers = workers;
        if (!workers.HasThreads) return;
        _thread = new Thread(Run) { IsBackground = true, Name = "kv-wal-spare", Priority = ThreadPriority.BelowNormal };
        _thread.Start();
    }

    /// <summary>There may be a segment to prepare, or segments below <paramref name="removeBelow"/> to remove.</summary>
    public void Wake(long removeBelow)
    {
        lock (_gate)
        {
            _removeBelow = Math.Max(_removeBelow, removeBelow);
            if (_thread is null && !_woken) _workers.Step("log segments", Step);
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        _thread?.Join();
    }

    private void Run()
    {
        while (true)
        {
            long removeBelow;
            lock (_gate)
            {
                while (!_woken && !_stopping) Monitor.Wait(_gate);
                if (_stopping) return;
                _woken = false;
                removeBelow = _removeBelow;
            }

            Keep(removeBelow);
        }
    }

    private void Step()
    {
        lock (_gate)
        {
            if (_stopping) return;
            _woken = false;
        }

        Keep(_removeBelow);
    }

    private void Keep(long removeBelow)
    {
        try
        {
            _log.RemoveBelow(removeBelow);
            if (_prepare) _log.PrepareNext();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _observer?.HousekeepingFailed(e);
        }
    }
}

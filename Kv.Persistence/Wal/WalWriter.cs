using System.Buffers.Binary;
using System.Threading.Tasks.Sources;
using Kv.Persistence.Io;

namespace Kv.Persistence.Wal;

/// <summary>The log as many callers see it: whatever has queued up goes out as one write and one sync.</summary>
/// <remarks>
/// <code>
///  caller      copies its payload behind what is queued, gets a ValueTask
///  writer      swaps the two buffers, completes headers and chain, writes, syncs, completes the ValueTasks
///  meanwhile   the next callers fill the other buffer
/// </code>
/// A failed write or sync is final: the observer is told, everything queued and everything later fails with
/// <see cref="LogFailedException"/>, and nothing is tried again. The log's two threads are here and in <see cref="WalHousekeeper"/>.
/// </remarks>
public sealed class WalWriter : IDisposable
{
    private const int KeptBufferBytes = 4 << 20;
    private const int KeptWaiters = 1024;
    private readonly WalLog _log;
    private readonly WalOptions _options;
    private readonly IWalObserver? _observer;
    private readonly object _gate = new();           // a monitor: callers and writer wait on it
    private readonly Thread? _writer;                // null: whoever has been asked for a step writes
    private readonly WalHousekeeper _housekeeper;
    private readonly Stack<Waiter> _free = new();
    private byte[] _filling = GC.AllocateUninitializedArray<byte>(64 << 10);
    private byte[] _writing = GC.AllocateUninitializedArray<byte>(64 << 10);
    private int _filled;
    private List<Waiter> _waiting = new(64);
    private List<Waiter> _committing = new(64);
    private WalPosition[] _positions = new WalPosition[64];
    private bool _busy;                              // somebody is inside Commit; only that thread touches _writing, _committing
    private bool _writerWaits;
    private bool _stepAsked;
    private int _blockedCallers;
    private int _committer;                          // managed id of that thread
    private bool _stopping;
    private bool _disposed;
    private Exception? _failure;

    private WalWriter(WalLog log, WalOptions options, IWalObserver? observer)
    {
        _log = log;
        _options = options;
        _observer = observer;
        _housekeeper = new WalHousekeeper(log, options.PrepareAhead, observer, options.Workers);
        if (options.Workers.HasThreads)
        {
            _writer = new Thread(Run) { IsBackground = true, Name = "kv-wal" };
            _writer.Start();
        }

        _housekeeper.Wake(_log.NeededFrom);
    }

    /// <summary>What opening found, a cut among it: to be logged by the host.</summary>
    public WalRecovery Recovery => _log.Recovery;

    /// <summary>The failure that ended the log, or null.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Sequence of the oldest segment.</summary>
    public long FirstSequence => _log.FirstSequence;

    /// <summary>Where the next record will stand; everything before it is durable.</summary>
    public WalPosition Next => _log.Next;

    /// <summary>Opens or makes the log in <paramref name="directory"/>, verifying and showing every record.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="directory">Made if missing; locked while the log is open.</param>
    /// <param name="options">How it is kept.</param>
    /// <param name="visit">Sees every record in order, before this returns.</param>
    /// <param name="observer">Is told of commits, rolls and failures.</param>
    /// <exception cref="StorageException">Locked, foreign, damaged or full: the message names file and offset.</exception>
    public static WalWriter Open(IDisk disk, string directory, WalOptions options, WalVisitor? visit = null, IWalObserver? observer = null) =>
        new(WalLog.Open(disk, directory, options, visit, observer), options, observer);

    /// <summary>Appends one record. Records are durable in the order of the calls.</summary>
    /// <param name="type">1..127.</param>
    /// <param name="payload">Copied before the call returns.</param>
    /// <returns>Completes once the record is durable; await it once. Fails with <see cref="LogFailedException"/>.</returns>
    /// <remarks>Waits inside the call while more than <see cref="WalOptions.MaxQueuedBytes"/> are queued. Allocates nothing in the steady state.</remarks>
    public ValueTask<WalPosition> AppendAsync(byte type, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfZero(type);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(type, WalRecord.MaxCallerType);
        if (payload.Length > _options.MaxRecordBytes)
            throw new ArgumentException($"a record of {payload.Length} bytes is over the log's limit of {_options.MaxRecordBytes}");
        return Enqueue(type, payload);
    }

    /// <summary>Lets go of all segments below <paramref name="sequence"/>: durably noted first, then removed in the background.</summary>
    /// <remarks>The caller must have made durable elsewhere, or in later segments, whatever it needs of them. The current segment always stays.</remarks>
    public async ValueTask RemoveBelowAsync(long sequence)
    {
        sequence = Math.Min(sequence, _log.Next.Sequence);
        if (sequence <= _log.FirstSequence) return;
        var payload = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(payload, sequence);
        await Enqueue(WalRecord.RemovalType, payload).ConfigureAwait(false);
        _housekeeper.Wake(sequence);
    }

    /// <summary>Reads from a record on, up to what is durable now.</summary>
    public WalReader Read(in WalPosition from) => _log.Read(from);

    /// <summary>Writes what is queued, stops the threads, releases the lock.</summary>
    /// <exception cref="InvalidOperationException">Called from a completion on the writer's own thread, which cannot wait for itself.</exception>
    public void Dispose()
    {
        if (_writer is not null && Thread.CurrentThread == _writer) throw new InvalidOperationException("the log's writer thread cannot close the log");
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = _stopping = true;
            Monitor.PulseAll(_gate);
        }

        if (_writer is null) Step();
        else _writer.Join();
        _housekeeper.Dispose();
        _log.Dispose();
    }

    private ValueTask<WalPosition> Enqueue(byte type, ReadOnlySpan<byte> payload)
    {
        var size = WalRecord.Size(payload.Length);
        Waiter waiter;
        bool inline;
        lock (_gate)
        {
            while (_failure is null && !_stopping && _filled > 0 && _filled + (long)size > _options.MaxQueuedBytes
                && _committer != Environment.CurrentManagedThreadId)   // a completion inline must not wait for its own thread
            {
                _blockedCallers++;
                Monitor.Wait(_gate);
                _blockedCallers--;
            }

            ThrowIfClosed();
            if (_filled + size > _filling.Length) Grow(_filled + size);
            var record = _filling.AsSpan(_filled, size);
            WalLog.Place(record, payload.Length, type);
            payload.CopyTo(record[WalRecord.HeaderBytes..]);
            _filled += size;
            waiter = _free.Count > 0 ? _free.Pop() : new Waiter(this, !_options.CompleteInline);
            _waiting.Add(waiter);
            inline = _options.WriteInline && !_busy && _writer is not null && _filled <= _options.InlineBytes && _options.MayWait?.Invoke() != false;
            if (inline) Take();
            else if (_writer is null) AskForStep();
            else if (_writerWaits && !_busy)
            {
                _writerWaits = false;
                Monitor.PulseAll(_gate);
            }
        }

        var task = waiter.Task;
        if (inline) CommitTaken();
        return task;
    }

    private void Run()
    {
        while (true)
        {
            lock (_gate)
            {
                while (_busy || (_filled == 0 && !_stopping))
                {
                    _writerWaits = true;
                    Monitor.Wait(_gate);
                }

                _writerWaits = false;
                if (_filled == 0 || _failure is not null) return;
                Take();
            }

            CommitTaken();
        }
    }

    private void AskForStep()
    {
        if (_stepAsked || _busy) return;
        _stepAsked = true;
        _options.Workers.Step("log", Step);
    }

    /// <summary>What the writer thread does each time it wakes, where there is none.</summary>
    private void Step()
    {
        lock (_gate)
        {
            _stepAsked = false;
            if (_busy || _filled == 0 || _failure is not null) return;
            Take();
        }

        CommitTaken();
    }

    /// <summary>Under the lock: what is queued becomes this thread's to write.</summary>
    private void Take()
    {
        _busy = true;
        _committer = Environment.CurrentManagedThreadId;
        (_filling, _writing) = (_writing, _filling);
        (_waiting, _committing) = (_committing, _waiting);
        _writingBytes = _filled;
        _filled = 0;
        if (_blockedCallers > 0) Monitor.PulseAll(_gate);
    }

    private int _writingBytes;

    private void CommitTaken()
    {
        var count = _committing.Count;
        if (_positions.Length < count) _positions = new WalPosition[Math.Max(count, _positions.Length * 2)];
        try
        {
            var before = _log.Next.Sequence;
            _log.Commit(_writing.AsSpan(0, _writingBytes), _positions.AsSpan(0, count));
            if (_log.Next.Sequence != before) _housekeeper.Wake(0);
        }
#pragma warning disable CA1031 // whatever went wrong between the first byte written and the sync, the log can no longer vouch for its end
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
            return;
        }

        // The waiters are completed before anyone else may take the buffers: a completion inline may append again.
        for (var i = 0; i < count; i++) _committing[i].Succeed(_positions[i]);
        _committing.Clear();
        if (_writing.Length > KeptBufferBytes) _writing = GC.AllocateUninitializedArray<byte>(64 << 10);
        Release();
    }

    private void Release()
    {
        lock (_gate)
        {
            _busy = false;
            _committer = 0;
            if (_writer is null && _filled > 0 && !_disposed) AskForStep();
            if (!_writerWaits || (_filled == 0 && !_stopping)) return;
            _writerWaits = false;
            Monitor.PulseAll(_gate);
        }
    }

    private void Fail(Exception cause)
    {
        List<Waiter> queued;
        lock (_gate)
        {
            _failure = cause;
            queued = _waiting;
            _waiting = [];
            _filled = 0;
            _busy = false;
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        _observer?.Failed(cause);
        var error = new LogFailedException(_log.Directory, cause);
        foreach (var waiter in _committing) waiter.Fail(error);
        foreach (var waiter in queued) waiter.Fail(error);
        _committing.Clear();
    }

    private void ThrowIfClosed()
    {
        if (_failure is not null) throw new LogFailedException(_log.Directory, _failure);
        ObjectDisposedException.ThrowIf(_stopping, this);
    }

    private void Grow(int atLeast)
    {
        var larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(Math.Max(atLeast, _filling.Length * 2L), Array.MaxLength));
        _filling.AsSpan(0, _filled).CopyTo(larger);
        _filling = larger;
    }

    private void Recycle(Waiter waiter)
    {
        lock (_gate)
        {
            if (_free.Count < KeptWaiters) _free.Push(waiter);
        }
    }

    private sealed class Waiter(WalWriter owner, bool asynchronously) : IValueTaskSource<WalPosition>
    {
        private ManualResetValueTaskSourceCore<WalPosition> _core = new() { RunContinuationsAsynchronously = asynchronously };

        public ValueTask<WalPosition> Task => new(this, _core.Version);

        public void Succeed(in WalPosition position) => _core.SetResult(position);

        public void Fail(Exception error) => _core.SetException(error);

        public WalPosition GetResult(short token)
        {
            try
            {
                return _core.GetResult(token);
            }
            finally
            {
                _core.Reset();
                owner.Recycle(this);
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}

namespace Kv.Testing.History;

/// <summary>Keeps what clients did, in order. Safe for use from several threads.</summary>
/// <param name="clock">The clients' clock; virtual in a simulation.</param>
public sealed class HistoryRecorder(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly List<PendingOperation> _operations = [];
    private readonly long _start = clock.GetTimestamp();
    private long _order;

    /// <summary>Operations begun so far.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _operations.Count;
            }
        }
    }

    /// <summary>Call it just before the request is sent.</summary>
    public PendingOperation Begin(string client, KvRequest request, string connection = "")
    {
        lock (_lock)
        {
            var operation = new PendingOperation(this, client, request, connection, Now());
            _operations.Add(operation);
            return operation;
        }
    }

    /// <summary>A moment for what is recorded elsewhere: watch answers, lease calls.</summary>
    public Moment Mark()
    {
        lock (_lock)
        {
            return Now();
        }
    }

    /// <summary>Everything so far in order of calls. What was not answered yet counts as unknown.</summary>
    public IReadOnlyList<Operation> Operations()
    {
        lock (_lock)
        {
            return [.. _operations.Select(static o => o.Result())];
        }
    }

    private Moment Now() => new(++_order, clock.GetElapsedTime(_start));

    /// <summary>A request on its way; ends with exactly one of its methods, or stays unknown.</summary>
    public sealed class PendingOperation
    {
        private readonly HistoryRecorder _recorder;
        private readonly Operation _begun;
        private Operation? _ended;

        internal PendingOperation(HistoryRecorder recorder, string client, KvRequest request, string connection, Moment call)
        {
            _recorder = recorder;
            _begun = new Operation(client, request, null, Fate.Unknown, call, Moment.Never, connection, "not answered");
        }

        /// <summary>It was answered.</summary>
        public Operation Answered(KvAnswer answer) => End(static (o, a, now) => o with { Answer = a, Fate = Fate.Known, Return = now, Note = null }, answer);

        /// <summary>It certainly had no effect.</summary>
        public Operation Failed(string why) => End(static (o, w, now) => o with { Fate = Fate.Failed, Return = now, Note = w }, why);

        /// <summary>Nobody knows.</summary>
        public Operation Unknown(string why) => End(static (o, w, _) => o with { Note = w }, why);

        internal Operation Result() => _ended ?? _begun;

        private Operation End<T>(Func<Operation, T, Moment, Operation> end, T with)
        {
            lock (_recorder._lock)
            {
                if (_ended is not null)
                {
                    throw new InvalidOperationException($"ended twice: {_ended}");
                }
                return _ended = end(_begun, with, _recorder.Now());
            }
        }
    }
}

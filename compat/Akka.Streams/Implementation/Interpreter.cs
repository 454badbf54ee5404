using Akka.Dispatch;
using Akka.Event;

namespace Akka.Streams.Implementation;

/// <summary>Something that happened outside a stream and is to be told to one of its stages. One object is in one inbox at a time.</summary>
internal abstract class Signal
{
    internal Signal NextSignal;

    /// <summary>The stage to run on.</summary>
    public abstract Stage Target { get; }

    /// <summary>Runs on the interpreter's turn; also after the stage has retired.</summary>
    public abstract void Run();
}

/// <summary>
/// Runs one stream: all its stages, one event at a time, on a thread of the default dispatcher that is taken only while there is something to do.
/// </summary>
/// <remarks>
/// Neighbours never call each other: what they do to an edge puts it into a queue, so the stack stays flat however long a stream
/// runs without waiting. Whatever comes from outside goes through a lock-free inbox and wakes the interpreter.
/// <code>
///   inbox ──► Signal.Run ──┐
///                          ├──► stage ──► Edge.Push / Pull / Complete ──► queue ──► Edge.Process ──► stage …
///   queue ──► Edge.Process ┘
/// </code>
/// </remarks>
internal sealed class Interpreter : IRunnable, IThreadPoolWorkItem
{
    /// <summary>Events handled before other work of the dispatcher gets its turn.</summary>
    private const int EventsPerTurn = 4096;

    private readonly LiveStreams _owner;
    private Signal _inbox;
    private Edge _firstQueued;
    private Edge _lastQueued;
    private Stage _stages;
    private int _live;
    private int _scheduled;
    private bool _started;
    private bool _finished;

    internal Interpreter PreviousLive;
    internal Interpreter NextLive;

    public Interpreter(LiveStreams owner) => _owner = owner;

    /// <summary>The stage in work: it fails when something throws.</summary>
    public Stage Active { get; set; }

    public void Add(Stage stage)
    {
        stage.Interpreter = this;
        stage.NextStage = _stages;
        _stages = stage;
        _live++;
    }

    /// <summary>Starts the stages, the sink first, on the dispatcher.</summary>
    public void Start()
    {
        _scheduled = 1;
        _owner.Dispatcher.ExecuteAgain(this);
    }

    public void Enqueue(Edge edge)
    {
        edge.NextQueued = null;
        if (_lastQueued is null) _firstQueued = edge;
        else _lastQueued.NextQueued = edge;
        _lastQueued = edge;
    }

    /// <summary>Tells a stage something from any thread.</summary>
    public void Post(Signal signal)
    {
        Signal head;
        do
        {
            head = Volatile.Read(ref _inbox);
            signal.NextSignal = head;
        }
        while (Interlocked.CompareExchange(ref _inbox, signal, head) != head);
        if (Interlocked.Exchange(ref _scheduled, 1) == 0) _owner.Dispatcher.ExecuteSoon(this);
    }

    /// <summary>Runs what is left to do of a stage that is done.</summary>
    public void Retire(Stage stage)
    {
        if (stage.IsRetired) return;
        stage.IsRetired = true;
        _live--;
        try
        {
            stage.PostStop();
        }
#pragma warning disable CA1031 // everybody has been told how the stage ended: its clean-up can change that no more
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _owner.Log.Error(failure, "Error during PostStop in [{0}]", stage.GetType().Name);
        }
    }

    /// <summary>Ends the stream from outside, because its materializer is gone.</summary>
    public void Abort(Exception cause) => Post(new AbortSignal(this, cause));

    void IThreadPoolWorkItem.Execute() => Run();

    /// <summary>Takes a turn; for the dispatcher only.</summary>
    public void Run()
    {
        var left = EventsPerTurn;
        while (true)
        {
            try
            {
                if (!_started) StartStages();
                if (RunTurn(ref left)) break;
                _owner.Dispatcher.ExecuteAgain(this);
                return;
            }
#pragma warning disable CA1031 // whatever a stage throws fails that stage, and the stream goes on to say so
            catch (Exception failure)
#pragma warning restore CA1031
            {
                FailActive(failure);
            }
        }
    }

    /// <summary>Runs until nothing is left (true) or the turn is used up (false).</summary>
    private bool RunTurn(ref int left)
    {
        while (true)
        {
            while (_firstQueued is { } edge)
            {
                if (left-- <= 0)
                {
                    left = EventsPerTurn;
                    RunInbox();                         // a stream that never pauses must hear what comes from outside, too
                    return false;
                }

                _firstQueued = edge.NextQueued;
                if (_firstQueued is null) _lastQueued = null;
                edge.Process();
            }

            if (_live == 0 && !_finished)
            {
                _finished = true;
                _owner.Remove(this);
            }

            if (RunInbox()) continue;
            Interlocked.Exchange(ref _scheduled, 0);
            if (Volatile.Read(ref _inbox) is null || Interlocked.Exchange(ref _scheduled, 1) != 0) return true;
        }
    }

    private bool RunInbox()
    {
        if (Volatile.Read(ref _inbox) is null) return false;
        var newest = Interlocked.Exchange(ref _inbox, null);
        Signal oldest = null;
        while (newest is not null)
        {
            var next = newest.NextSignal;
            newest.NextSignal = oldest;
            oldest = newest;
            newest = next;
        }

        while (oldest is not null)
        {
            var next = oldest.NextSignal;
            oldest.NextSignal = null;
            RunSignal(oldest);
            oldest = next;
        }

        return true;
    }

    // An exception must not lose the signals behind this one.
    private void RunSignal(Signal signal)
    {
        Active = signal.Target;
        try
        {
            signal.Run();
        }
#pragma warning disable CA1031 // as above
        catch (Exception failure)
#pragma warning restore CA1031
        {
            FailActive(failure);
            return;
        }

        if (Active is { IsDone: true } stage) Retire(stage);
    }

    private void StartStages()
    {
        _started = true;
        for (var stage = _stages; stage is not null; stage = stage.NextStage)
        {
            Active = stage;
            try
            {
                stage.PreStart();
            }
#pragma warning disable CA1031 // as above
            catch (Exception failure)
#pragma warning restore CA1031
            {
                FailActive(failure);
                continue;
            }

            if (stage.IsDone) Retire(stage);
        }
    }

    private void FailActive(Exception failure)
    {
        var stage = Active;
        if (stage.IsRetired) return;                    // everybody has been told already how it ended
        stage.FailStage(failure);
        if (stage.IsDone) Retire(stage);
    }

    private void Abandon(Exception cause)
    {
        _firstQueued = _lastQueued = null;
        for (var stage = _stages; stage is not null; stage = stage.NextStage)
        {
            if (stage.IsRetired) continue;
            try
            {
                stage.OnAbrupt(cause);
            }
#pragma warning disable CA1031 // the other stages are still to be told
            catch (Exception failure)
#pragma warning restore CA1031
            {
                _owner.Log.Error(failure, "Error while ending [{0}]", stage.GetType().Name);
            }

            Retire(stage);
        }
    }

    private sealed class AbortSignal(Interpreter interpreter, Exception cause) : Signal
    {
        public override Stage Target => null;

        public override void Run() => interpreter.Abandon(cause);
    }
}

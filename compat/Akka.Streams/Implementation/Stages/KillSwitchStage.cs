namespace Akka.Streams.Implementation.Stages;

/// <summary>Passes elements on until its switch is thrown.</summary>
internal sealed class KillSwitchStage<T>(KillSwitchState state) : FlowStage<T, T>
{
    private readonly KillSwitchState _state = state;
    private Thrown _thrown;

    public override void PreStart()
    {
        _thrown = new Thrown(this);
        if (!_state.Register(_thrown)) _thrown.Run();
    }

    public override void OnPush(T element) => Out.Push(element);

    public override void PostStop() => _state.Unregister(_thrown);

    private sealed class Thrown(KillSwitchStage<T> stage) : KillSignal
    {
        public override Stage Target => stage;

        public override void Throw() => stage.Interpreter.Post(this);

        public override void Run()
        {
            if (stage.IsRetired) return;
            if (stage._state.Failure is { } failure) stage.FailStage(failure);
            else stage.CompleteStage();
        }
    }
}

/// <summary>Tells one stage that the switch is thrown.</summary>
internal abstract class KillSignal : Signal
{
    public KillSignal PreviousRegistered { get; set; }

    public KillSignal NextRegistered { get; set; }

    public abstract void Throw();
}

/// <summary>A switch that is thrown once, with the stages it stops.</summary>
internal sealed class KillSwitchState
{
    private readonly Lock _gate = new();
    private KillSignal _first;
    private bool _thrown;

    /// <summary>Why, if the stages are to fail; null if they are to complete. Set before any stage is told.</summary>
    public Exception Failure { get; private set; }

    public void Throw(Exception failure)
    {
        lock (_gate)
        {
            if (_thrown) return;
            _thrown = true;
            Failure = failure;
            for (var signal = _first; signal is not null; signal = signal.NextRegistered) signal.Throw();
        }
    }

    /// <summary>False when the switch has been thrown already; the stage then stops by itself.</summary>
    public bool Register(KillSignal signal)
    {
        lock (_gate)
        {
            if (_thrown) return false;
            signal.NextRegistered = _first;
            if (_first is not null) _first.PreviousRegistered = signal;
            _first = signal;
            return true;
        }
    }

    public void Unregister(KillSignal signal)
    {
        lock (_gate)
        {
            if (signal.PreviousRegistered is not null) signal.PreviousRegistered.NextRegistered = signal.NextRegistered;
            else if (_first == signal) _first = signal.NextRegistered;
            if (signal.NextRegistered is not null) signal.NextRegistered.PreviousRegistered = signal.PreviousRegistered;
            signal.PreviousRegistered = signal.NextRegistered = null;
        }
    }
}

namespace Akka.Remote;

/// <summary>Milliseconds from a fixed point; only differences count.</summary>
public delegate long Clock();

/// <summary>Judges from the heartbeats of one resource whether it is alive.</summary>
public abstract class FailureDetector
{
    /// <summary>A clock that never goes back.</summary>
    public static readonly Clock DefaultClock = static () => Environment.TickCount64;

    /// <summary>Whether the resource counts as alive.</summary>
    public abstract bool IsAvailable { get; }

    /// <summary>Whether a heartbeat was ever heard.</summary>
    public abstract bool IsMonitoring { get; }

    /// <summary>A heartbeat has come.</summary>
    public abstract void HeartBeat();
}

using System.Diagnostics;

namespace Akka.Remote;

/// <summary>Milliseconds that only grow.</summary>
public delegate long Clock();

/// <summary>Guesses from heartbeats whether something is alive.</summary>
public abstract class FailureDetector
{
    /// <summary>The machine's monotonic clock.</summary>
    public static readonly Clock DefaultClock = static () => (long)Stopwatch.GetElapsedTime(0).TotalMilliseconds;

    /// <summary>Whether it is taken for alive; true before the first heartbeat.</summary>
    public abstract bool IsAvailable { get; }

    /// <summary>Whether there was a heartbeat yet.</summary>
    public abstract bool IsMonitoring { get; }

    /// <summary>Notes a heartbeat, now.</summary>
    public abstract void HeartBeat();
}

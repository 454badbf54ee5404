using Kv.Actors.Model;

namespace Kv.Actors.Peers;

/// <summary>Numbers of a run's forwards: rising, whoever they go to. Thread-safe.</summary>
/// <param name="run">This run of the member.</param>
public sealed class ForwardNumbers(RunNumber run)
{
    private ulong _last;

    /// <summary>The run.</summary>
    public RunNumber Run { get; } = run;

    /// <summary>The next number.</summary>
    public ulong Next() => Interlocked.Increment(ref _last);
}

namespace Kv.Actors.Peers;

/// <summary>Numbers of a run's forwards: rising, whoever they go to. Thread-safe.</summary>
/// <param name="run">Names this run of the member, never 0.</param>
public sealed class ForwardNumbers(ulong run)
{
    private ulong _last;

    /// <summary>The run.</summary>
    public ulong Run { get; } = run;

    /// <summary>The next number.</summary>
    public ulong Next() => Interlocked.Increment(ref _last);
}

using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>Says how many revocations may be proposed now: a bounded number unanswered, and a bounded number each second.</summary>
/// <remarks>Tokens refill at the rate and fill up to what one tenth of a second brings, so a lease that expires alone never waits.</remarks>
public sealed class RevokePacer
{
    private const long Second = 1_000_000_000;

    private readonly LessorLimits _limits;
    private readonly double _full;
    private double _tokens;
    private MonotonicTime _filled;

    /// <param name="limits">The bounds.</param>
    /// <param name="now">The time; the bucket starts full.</param>
    public RevokePacer(LessorLimits limits, MonotonicTime now)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _limits = limits;
        _full = Math.Max(1, limits.RevokesPerSecond / 10.0);
        _tokens = _full;
        _filled = now;
    }

    /// <summary>Proposed and not yet answered.</summary>
    public int Outstanding { get; private set; }

    /// <summary>How many may be proposed in one batch at <paramref name="now"/>; 0 is none for the moment.</summary>
    public int Allowed(MonotonicTime now)
    {
        if (now > _filled)
        {
            _tokens = Math.Min(_full, _tokens + ((double)(now.Nanoseconds - _filled.Nanoseconds) * _limits.RevokesPerSecond / Second));
            _filled = now;
        }
        return (int)Math.Min(Math.Min(_limits.RevokeBatch, _limits.MaxOutstandingRevokes - Outstanding), Math.Floor(_tokens));
    }

    /// <summary>That many were proposed.</summary>
    public void Proposed(int count)
    {
        Outstanding += count;
        _tokens -= count;
    }

    /// <summary>That many were answered, well or not.</summary>
    public void Answered(int count) => Outstanding -= count;

    /// <summary>When to ask again if <see cref="Allowed"/> said 0 for want of tokens; <see cref="MonotonicTime.Never"/> if answers are
    /// what is missing.</summary>
    public MonotonicTime RetryAt(MonotonicTime now) =>
        Outstanding >= _limits.MaxOutstandingRevokes
            ? MonotonicTime.Never
            : now.Plus(TimeSpan.FromSeconds((1 - Math.Min(_tokens, 1)) / _limits.RevokesPerSecond));
}

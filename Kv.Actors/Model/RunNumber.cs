namespace Kv.Actors.Model;

/// <summary>Names one run of a member, so that an answer which was on its way when the member was started again is not taken for the answer
/// to what it asks now.</summary>
/// <remarks>
/// The start's wall-clock milliseconds. Questions are counted on from <see cref="Before"/>, a million for each of them: more than a run can
/// ask, so no two runs give a question the same number, unless both began in the same millisecond of a clock that was set back.
/// </remarks>
/// <param name="Value">Milliseconds since 1970, never 0.</param>
public readonly record struct RunNumber(ulong Value)
{
    private const int QuestionBits = 20;

    /// <summary>The run that begins now.</summary>
    public static RunNumber Of(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return At(clock.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>The run that began then.</summary>
    public static RunNumber At(long milliseconds) => new((ulong)Math.Max(1, milliseconds));

    /// <summary>The first question's number, less one.</summary>
    public ulong Before => Value << QuestionBits;
}

namespace Kv.Actors.Model;

/// <summary>A value, or the client's error that took its place.</summary>
/// <param name="Value">Set exactly when <paramref name="Error"/> is <see cref="KvError.None"/>.</param>
/// <param name="Error">What went wrong.</param>
public readonly record struct Outcome<T>(T? Value, KvError Error)
    where T : class
{
    /// <summary>Whether there is a value.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(true, nameof(Value))]
    public bool Ok => Error == KvError.None;

    /// <summary>Success.</summary>
    public static implicit operator Outcome<T>(T value) => new(value, KvError.None);

    /// <summary>Failure.</summary>
    public static implicit operator Outcome<T>(KvError error) => new(null, error);
}

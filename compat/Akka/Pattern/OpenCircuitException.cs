using Akka.Actor;

namespace Akka.Pattern;

/// <summary>A circuit breaker is open: the call was not made.</summary>
public class OpenCircuitException : AkkaException
{
    /// <summary>With a message.</summary>
    public OpenCircuitException(string message) : base(message)
    {
    }

    /// <summary>With a message, the failure that opened the circuit, and the time until it is tried again.</summary>
    public OpenCircuitException(string message, Exception cause, TimeSpan remainingDuration) : base(message, cause) =>
        RemainingDuration = remainingDuration;

    /// <summary>Until a call is let through again.</summary>
    public TimeSpan RemainingDuration { get; }
}

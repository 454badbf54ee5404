using Akka.Actor;

namespace Akka.Pattern;

/// <summary>Something happened that the state does not allow.</summary>
public class IllegalStateException : AkkaException
{
    /// <summary>With a message.</summary>
    public IllegalStateException(string message) : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public IllegalStateException(string message, Exception innerEx) : base(message, innerEx)
    {
    }
}

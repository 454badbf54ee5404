namespace Kv.Simulation;

/// <summary>A judge has found what must not be.</summary>
public sealed class JudgedException : Exception
{
    /// <summary>Without a reason.</summary>
    public JudgedException()
    {
    }

    /// <summary>With what it found.</summary>
    public JudgedException(string message)
        : base(message)
    {
    }

    /// <summary>With what it found, and what told it.</summary>
    public JudgedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

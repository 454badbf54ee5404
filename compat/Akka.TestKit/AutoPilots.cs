using Akka.Actor;

namespace Akka.TestKit;

/// <summary>Answers messages of a test actor by itself; they are still there to be expected.</summary>
public abstract class AutoPilot
{
    /// <summary>Handles a message, and says who handles the next.</summary>
    public abstract AutoPilot Run(IActorRef sender, object message);
}

/// <summary>Handles nothing.</summary>
public sealed class NoAutoPilot : AutoPilot
{
    private NoAutoPilot()
    {
    }

    /// <summary>The only instance.</summary>
    public static NoAutoPilot Instance { get; } = new();

    /// <inheritdoc/>
    public override AutoPilot Run(IActorRef sender, object message) => this;
}

/// <summary>Says to go on with the same pilot.</summary>
public sealed class KeepRunning : AutoPilot
{
    private KeepRunning()
    {
    }

    /// <summary>The only instance.</summary>
    public static KeepRunning Instance { get; } = new();

    /// <inheritdoc/>
    public override AutoPilot Run(IActorRef sender, object message) => throw new InvalidOperationException("Must not call");
}

/// <summary>Handles a message, and says who handles the next.</summary>
public delegate AutoPilot AutoPilotDelegate(IActorRef sender, object message);

/// <summary>By a function.</summary>
public sealed class DelegateAutoPilot : AutoPilot
{
    private readonly AutoPilotDelegate _pilot;

    /// <summary>By the function.</summary>
    public DelegateAutoPilot(AutoPilotDelegate autoPilotDelegate) => _pilot = autoPilotDelegate;

    /// <inheritdoc/>
    public override AutoPilot Run(IActorRef sender, object message) => _pilot(sender, message);
}

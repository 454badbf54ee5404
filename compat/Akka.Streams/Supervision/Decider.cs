namespace Akka.Streams.Supervision;

/// <summary>What a stage does when the function it was given throws.</summary>
public enum Directive
{
    /// <summary>The stream fails.</summary>
    Stop,

    /// <summary>The element is dropped.</summary>
    Resume,

    /// <summary>The element is dropped, and what the stage has gathered too.</summary>
    Restart,
}

/// <summary>Chooses by the exception.</summary>
public delegate Directive Decider(Exception cause);

/// <summary>The usual choices.</summary>
public static class Deciders
{
    /// <summary>The stream fails: the default.</summary>
    public static readonly Decider StoppingDecider = static _ => Directive.Stop;

    /// <summary>The element is dropped.</summary>
    public static readonly Decider ResumingDecider = static _ => Directive.Resume;

    /// <summary>The element is dropped, and what the stage has gathered too.</summary>
    public static readonly Decider RestartingDecider = static _ => Directive.Restart;
}

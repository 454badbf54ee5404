using Akka.Streams.Supervision;

namespace Akka.Streams.Implementation.Stages;

/// <summary>A stage that calls a function it was given: what it throws is the decider's to judge.</summary>
internal abstract class SupervisedStage<TIn, TOut>(Decider decider) : FlowStage<TIn, TOut>
{
    /// <summary>Fails the stage, or drops the element and asks for another.</summary>
    /// <returns>Whether the stage goes on.</returns>
    protected bool Survives(Exception failure)
    {
        switch (decider(failure))
        {
            case Directive.Resume:
                return true;
            case Directive.Restart:
                OnRestart();
                return true;
            default:
                FailStage(failure);
                return false;
        }
    }

    /// <summary>Forgets what was gathered.</summary>
    protected virtual void OnRestart()
    {
    }
}

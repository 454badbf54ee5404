namespace Akka.Streams.Implementation;

/// <summary>One step of a running stream. Its methods run one at a time, on the interpreter's turn.</summary>
internal abstract class Stage
{
    private int _openPorts;

    internal Stage NextStage;

    /// <summary>Whether both sides are closed, so that nothing can happen any more.</summary>
    public bool IsDone => _openPorts == 0;

    /// <summary>Whether <see cref="PostStop"/> has run.</summary>
    public bool IsRetired { get; set; }

    /// <summary>Runs the stream this stage is part of.</summary>
    public Interpreter Interpreter { get; set; }

    public void PortOpened() => _openPorts++;

    public void PortClosed() => _openPorts--;

    /// <summary>Before the first event.</summary>
    public virtual void PreStart()
    {
    }

    /// <summary>After the last, however it ended.</summary>
    public virtual void PostStop()
    {
    }

    /// <summary>The materializer is gone; <see cref="PostStop"/> follows.</summary>
    public virtual void OnAbrupt(Exception cause)
    {
    }

    /// <summary>The neighbour below asks for an element.</summary>
    public virtual void OnPull()
    {
    }

    /// <summary>The neighbour below wants no more. By default the stage ends.</summary>
    /// <param name="cause">The failure that ended it, or null.</param>
    public virtual void OnDownstreamFinish(Exception cause) => CancelStage(cause);

    /// <summary>The neighbour above has no more. By default the stage ends.</summary>
    public virtual void OnUpstreamFinish() => CompleteStage();

    /// <summary>The neighbour above has failed. By default the stage does too.</summary>
    public virtual void OnUpstreamFailure(Exception failure) => FailStage(failure);

    /// <summary>Ends the stage: nothing more is wanted and nothing more comes.</summary>
    public abstract void CompleteStage();

    /// <summary>Ends the stage and says why upwards.</summary>
    public abstract void CancelStage(Exception cause);

    /// <summary>Fails the stage: upwards it cancels, downwards it fails.</summary>
    public abstract void FailStage(Exception failure);
}

/// <summary>A stage that takes elements of a type.</summary>
internal abstract class Stage<TIn> : Stage
{
    /// <summary>From above.</summary>
    public Edge<TIn> In { get; set; }

    /// <summary>The element that was asked for.</summary>
    public abstract void OnPush(TIn element);

    protected void TryPull() => In.Pull();
}

/// <summary>The start of a stream.</summary>
internal abstract class SourceStage<TOut> : Stage
{
    /// <summary>To below.</summary>
    public Edge<TOut> Out { get; set; }

    public override void CompleteStage() => Out.Complete();

    public override void CancelStage(Exception cause) => Out.Complete();

    public override void FailStage(Exception failure) => Out.Fail(failure);
}

/// <summary>A step in the middle.</summary>
internal abstract class FlowStage<TIn, TOut> : Stage<TIn>
{
    /// <summary>To below.</summary>
    public Edge<TOut> Out { get; set; }

    public override void OnPull() => In.Pull();

    public override void CompleteStage()
    {
        In.Cancel();
        Out.Complete();
    }

    public override void CancelStage(Exception cause)
    {
        In.Cancel(cause);
        Out.Complete();
    }

    public override void FailStage(Exception failure)
    {
        In.Cancel(failure);
        Out.Fail(failure);
    }
}

/// <summary>The end of a stream.</summary>
internal abstract class SinkStage<TIn> : Stage<TIn>
{
    public override void PreStart() => In.Pull();

    public override void CompleteStage() => In.Cancel();

    public override void CancelStage(Exception cause) => In.Cancel(cause);

    public override void FailStage(Exception failure) => In.Cancel(failure);
}

using System.Collections.Immutable;

namespace Akka.Streams.Implementation.Stages;

/// <summary>A sink that hands out a task.</summary>
internal abstract class PromiseSink<TIn, TResult> : SinkStage<TIn>
{
    private readonly TaskCompletionSource<TResult> _promise = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResult> Result => _promise.Task;

    public override void OnUpstreamFailure(Exception failure) => FailStage(failure);

    public override void FailStage(Exception failure)
    {
        _promise.TrySetException(failure);
        base.FailStage(failure);
    }

    public override void OnAbrupt(Exception cause) => _promise.TrySetException(cause);

    protected void Succeed(TResult result) => _promise.TrySetResult(result);
}

/// <summary>A sink without a result, whose task stays open when the stream is cut off: the package's fails only those that gather.</summary>
internal abstract class EndingSink<T> : PromiseSink<T, Done>
{
    public override void OnAbrupt(Exception cause)
    {
        // nobody is told, as in the package
    }
}

internal sealed class ForEachSink<T>(Action<T> action, Supervision.Decider decider) : EndingSink<T>
{
    public override void OnPush(T element)
    {
        try
        {
            action(element);
        }
#pragma warning disable CA1031 // the decider judges it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (decider(failure) == Supervision.Directive.Stop)
            {
                FailStage(failure);
                return;
            }
        }

        In.Pull();
    }

    public override void OnUpstreamFinish() => Succeed(Done.Instance);
}

internal sealed class IgnoreSink<T> : EndingSink<T>
{
    public override void OnPush(T element) => In.Pull();

    public override void OnUpstreamFinish() => Succeed(Done.Instance);
}

internal sealed class SeqSink<T> : PromiseSink<T, IImmutableList<T>>
{
    private readonly ImmutableArray<T>.Builder _elements = ImmutableArray.CreateBuilder<T>();

    public override void OnPush(T element)
    {
        _elements.Add(element);
        In.Pull();
    }

    public override void OnUpstreamFinish() => Succeed(_elements.ToImmutable());
}

internal sealed class AggregateSink<TIn, TOut>(TOut zero, Func<TOut, TIn, TOut> aggregate, Supervision.Decider decider) : PromiseSink<TIn, TOut>
{
    private readonly TOut _zero = zero;
    private TOut _sum = zero;

    public override void OnPush(TIn element)
    {
        try
        {
            _sum = aggregate(_sum, element);
        }
#pragma warning disable CA1031 // the decider judges it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            switch (decider(failure))
            {
                case Supervision.Directive.Stop:
                    FailStage(failure);
                    return;
                case Supervision.Directive.Restart:
                    _sum = _zero;
                    break;
                default:
                    break;
            }
        }

        In.Pull();
    }

    public override void OnUpstreamFinish() => Succeed(_sum);
}

/// <summary>The first or the last element.</summary>
internal sealed class OneSink<T>(bool first, bool orDefault) : PromiseSink<T, T>
{
    private bool _any;
    private T _element;

    public override void OnPush(T element)
    {
        if (first)
        {
            Succeed(element);
            In.Cancel();
            return;
        }

        _any = true;
        _element = element;
        In.Pull();
    }

    public override void OnUpstreamFinish()
    {
        if (_any || orDefault) Succeed(_element);
        else FailStage(new NoSuchElementException(first ? "First of empty stream" : "Last of empty stream"));
    }
}

internal sealed class CancelledSink<T> : SinkStage<T>
{
    public override void PreStart() => In.Cancel();

    public override void OnPush(T element)
    {
    }
}

internal sealed class OnCompleteSink<T>(Action success, Action<Exception> failure) : SinkStage<T>
{
    public override void OnPush(T element) => In.Pull();

    public override void OnUpstreamFinish() => success();

    public override void OnUpstreamFailure(Exception cause) => failure(cause);

    public override void OnAbrupt(Exception cause) => failure(cause);
}

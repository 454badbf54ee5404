using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>A failed answer of older code; Ask turns it into a faulted task.</summary>
public class Failure
{
    /// <summary>Why.</summary>
    public Exception Exception { get; set; }

    /// <summary>When.</summary>
    public DateTime Timestamp { get; set; }
}

/// <summary>A one-time ref whose first message completes a task.</summary>
public class FutureActorRef<T> : MinimalActorRef
{
    private readonly TaskCompletionSource<T> _result;
    private readonly ActorPath _path;
    private readonly IActorRefProvider _provider;
    private HashSet<IInternalActorRef> _watchedBy;

    /// <summary>At a temporary path.</summary>
    public FutureActorRef(TaskCompletionSource<T> result, ActorPath path, IActorRefProvider provider)
    {
        _result = result;
        _path = path;
        _provider = provider;
    }

    /// <inheritdoc/>
    public override ActorPath Path => _path;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => _provider;

    /// <inheritdoc/>
    public override IInternalActorRef Parent => _provider.TempContainer;

    /// <inheritdoc/>
    public override bool IsTerminated => _result.Task.IsCompleted;

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender)
    {
        var taken = message switch
        {
            ISystemMessage => false,
            T typed => _result.TrySetResult(typed),
            null => _result.TrySetResult(default),
            Status.Failure { Cause: { } cause } => _result.TrySetException(cause),
            Failure { Exception: { } cause } => _result.TrySetException(cause),
            _ => _result.TrySetException(new ArgumentException($"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}]")),
        };
        if (!taken) _provider.DeadLetters.Tell(new DeadLetter(message, sender ?? _provider.DeadLetters, this), sender);
    }

    /// <inheritdoc/>
    public override void SendSystemMessage(ISystemMessage message)
    {
        lock (_result)
        {
            switch (message)
            {
                case Watch watch when _result.Task.IsCompleted:
                    watch.Watcher.SendSystemMessage(new DeathWatchNotification(this, true, false));
                    break;
                case Watch watch:
                    (_watchedBy ??= []).Add(watch.Watcher);
                    break;
                case Unwatch unwatch:
                    _watchedBy?.Remove(unwatch.Watcher);
                    break;
            }
        }
    }

    internal void Finish()
    {
        _provider.UnregisterTempActor(_path);
        lock (_result)
        {
            if (_watchedBy is null) return;
            foreach (var watcher in _watchedBy) watcher.SendSystemMessage(new DeathWatchNotification(this, true, false));
            _watchedBy = null;
        }
    }
}

/// <summary>Asks actors. Each question costs a temporary actor and a timer.</summary>
public static class Futures
{
    /// <summary>Asks.</summary>
    /// <exception cref="AskTimeoutException">No answer in time.</exception>
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) => self.Ask<object>(message, timeout, CancellationToken.None);

    /// <summary>Asks, until cancelled.</summary>
    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) => self.Ask<object>(message, null, cancellationToken);

    /// <summary>Asks.</summary>
    /// <exception cref="AskTimeoutException">No answer in time.</exception>
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) => self.Ask<object>(message, timeout, cancellationToken);

    /// <summary>Asks for an answer of a type.</summary>
    /// <exception cref="AskTimeoutException">No answer in time.</exception>
    /// <exception cref="ArgumentException">The answer is of another type.</exception>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) => self.Ask<T>(message, timeout, CancellationToken.None);

    /// <summary>Asks for an answer of a type, until cancelled.</summary>
    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) => self.Ask<T>(message, null, cancellationToken);

    /// <summary>Asks for an answer of a type.</summary>
    /// <exception cref="AskTimeoutException">No answer in time.</exception>
    /// <exception cref="ArgumentException">The answer is of another type.</exception>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        Ask<T>(self, _ => message, timeout, cancellationToken);

    /// <summary>Asks with a message that names the ref to answer to.</summary>
    /// <exception cref="AskTimeoutException">No answer in time.</exception>
    /// <exception cref="ArgumentException">The answer is of another type.</exception>
    public static async Task<T> Ask<T>(this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var provider = ProviderOf(self) ?? throw new ArgumentException("Unable to resolve the target Provider", nameof(self));
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var limit = timeout ?? provider.Settings.AskTimeout;
        CancellationTokenSource timer = null;
        if (limit > TimeSpan.Zero && limit != Timeout.InfiniteTimeSpan)
        {
            timer = new CancellationTokenSource(limit);
            timer.Token.UnsafeRegister(static (state, _) => ((TaskCompletionSource<T>)state).TrySetException(new AskTimeoutException("Timeout after waiting for an answer")), result);
        }

        var registration = cancellationToken.CanBeCanceled
            ? cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource<T>)state).TrySetCanceled(token), result)
            : default;
        var future = provider.CreateFutureRef(result);
        provider.RegisterTempActor(future, future.Path);
        try
        {
            self.Tell(messageFactory(future), future);
            return await result.Task.ConfigureAwait(false);
        }
        catch (AskTimeoutException) when (timer is { IsCancellationRequested: true })
        {
            throw new AskTimeoutException($"Timeout after {limit} seconds");
        }
        finally
        {
            future.Finish();
            timer?.Dispose();
            registration.Dispose();
        }
    }

    internal static IActorRefProvider ProviderOf(ICanTell target) => target switch
    {
        IInternalActorRef { } known and not Nobody => known.Provider,
        ActorSelection selection => ProviderOf(selection.Anchor),
        _ => ActorCell.Current?.SystemImpl.Provider,
    };
}

/// <summary>Sends the outcome of a task to an actor.</summary>
public static class PipeToSupport
{
    /// <summary>Sends the result, or <see cref="Status.Failure"/>, as shaped by the functions.</summary>
    public static Task PipeTo<T>(this Task<T> taskToPipe, ICanTell recipient, IActorRef sender = null, Func<T, object> success = null, Func<Exception, object> failure = null) =>
        PipeTo(taskToPipe, recipient, false, sender, success, failure);

    /// <summary>Sends the result, or <see cref="Status.Failure"/>, as shaped by the functions.</summary>
    public static Task PipeTo<T>(this ValueTask<T> taskToPipe, ICanTell recipient, IActorRef sender = null, Func<T, object> success = null, Func<Exception, object> failure = null) =>
        PipeTo(taskToPipe.AsTask(), recipient, false, sender, success, failure);

    /// <summary>The same, with a say on where it continues.</summary>
    public static async Task PipeTo<T>(this Task<T> taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef sender = null, Func<T, object> success = null, Func<Exception, object> failure = null)
    {
        sender ??= ActorRefs.NoSender;
        T result;
        try
        {
            result = await taskToPipe.ConfigureAwait(useConfigureAwait);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
            return;
        }

        recipient.Tell(success is null ? result : success(result), sender);
    }

    /// <summary>The same, with a say on where it continues.</summary>
    public static Task PipeTo<T>(this ValueTask<T> taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef sender = null, Func<T, object> success = null, Func<Exception, object> failure = null) =>
        PipeTo(taskToPipe.AsTask(), recipient, useConfigureAwait, sender, success, failure);

    /// <summary>Sends what <paramref name="success"/> makes, if anything, or <see cref="Status.Failure"/>.</summary>
    public static Task PipeTo(this Task taskToPipe, ICanTell recipient, IActorRef sender = null, Func<object> success = null, Func<Exception, object> failure = null) =>
        PipeTo(taskToPipe, recipient, false, sender, success, failure);

    /// <summary>Sends what <paramref name="success"/> makes, if anything, or <see cref="Status.Failure"/>.</summary>
    public static Task PipeTo(this ValueTask taskToPipe, ICanTell recipient, IActorRef sender = null, Func<object> success = null, Func<Exception, object> failure = null) =>
        PipeTo(taskToPipe.AsTask(), recipient, false, sender, success, failure);

    /// <summary>The same, with a say on where it continues.</summary>
    public static async Task PipeTo(this Task taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef sender = null, Func<object> success = null, Func<Exception, object> failure = null)
    {
        sender ??= ActorRefs.NoSender;
        try
        {
            await taskToPipe.ConfigureAwait(useConfigureAwait);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
            return;
        }

        if (success is not null) recipient.Tell(success(), sender);
    }

    /// <summary>The same, with a say on where it continues.</summary>
    public static Task PipeTo(this ValueTask taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef sender = null, Func<object> success = null, Func<Exception, object> failure = null) =>
        PipeTo(taskToPipe.AsTask(), recipient, useConfigureAwait, sender, success, failure);
}

/// <summary>Stops an actor and waits.</summary>
public static class GracefulStopSupport
{
    /// <summary>Sends a <see cref="PoisonPill"/>; true once the actor has stopped, false when it did not in time.</summary>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => GracefulStop(target, timeout, PoisonPill.Instance);

    /// <summary>Sends <paramref name="stopMessage"/>; true once the actor has stopped, false when it did not in time.</summary>
    public static async Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        using var timer = new CancellationTokenSource(timeout);
        var stopped = WatchAsyncSupport.WatchAsync(target, timer.Token);
        target.Tell(stopMessage, ActorRefs.NoSender);
        return await stopped.ConfigureAwait(false);
    }
}

/// <summary>Waits for an actor to stop.</summary>
public static class WatchAsyncSupport
{
    /// <summary>True once the actor has stopped; false when cancelled before.</summary>
    public static async Task<bool> WatchAsync(this IActorRef target, CancellationToken token = default)
    {
        if (target is not IInternalActorRef { Provider: { } provider } watched)
            throw new InvalidOperationException($"{target} is not an {nameof(IInternalActorRef)} and cannot be death-watched");
        var result = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var watcher = new DeathWatcher(result, provider.TempPath(), provider);
        using var registration = token.UnsafeRegister(static state => ((TaskCompletionSource<bool>)state).TrySetResult(false), result);
        watched.SendSystemMessage(new Watch(watched, watcher));
        var stopped = await result.Task.ConfigureAwait(false);
        if (!stopped) watched.SendSystemMessage(new Unwatch(watched, watcher));
        return stopped;
    }

    private sealed class DeathWatcher(TaskCompletionSource<bool> result, ActorPath path, IActorRefProvider provider) : MinimalActorRef
    {
        public override ActorPath Path => path;

        public override IActorRefProvider Provider => provider;

        public override void SendSystemMessage(ISystemMessage message)
        {
            if (message is DeathWatchNotification) result.TrySetResult(true);
        }
    }
}

using Akka;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Util;

namespace Kv.Actors.Watch;

/// <summary>From a stream's queue and cursors to the client: one bunch at a time, asked for only when the one before was written.</summary>
/// <remarks>
/// <code>
///  HTTP/2 window ◄── write(bunch) ◄── SelectAsync(1) ◄── demand ◄── UnfoldAsync ◄── Pull ◄── WatchStreamActor
/// </code>
/// No stage buffers: while a write waits for the client, nothing is asked for, and the stream's own bounds do the rest.
/// </remarks>
public static class WatchFlow
{
    /// <summary>Runs until the stream answers a pull with null, <paramref name="demand"/> is stopped, or a write fails.</summary>
    /// <param name="demand">Of a <see cref="WatchStreamActor"/>.</param>
    /// <param name="write">Writes a bunch and flushes; ends when the client can take more.</param>
    /// <param name="ended">Called when nothing is being written any more, with why a write failed or null; in the flow's turn, so that
    /// no thread has to be woken for it. Not called when the actor system ends under the flow.</param>
    /// <param name="materializer">Where it runs.</param>
    public static void Run(WatchDemand demand, Func<WatchBunch, Task> write, Action<Exception?> ended, IMaterializer materializer) =>
        Source.UnfoldAsync(demand, PullAsync)
            .SelectAsync(1, bunch => WriteAsync(write, bunch))
            .RunWith(Sink.OnComplete<Done>(() => ended(null), failure => End(ended, failure)), materializer);

    private static async Task<Done> WriteAsync(Func<WatchBunch, Task> write, WatchBunch bunch)
    {
        await write(bunch).ConfigureAwait(false);
        return Done.Instance;
    }

    private static void End(Action<Exception?> ended, Exception failure)
    {
        if (failure is not AbruptTerminationException)
        {
            ended(failure.GetBaseException());
        }
    }

    private static async Task<Option<(WatchDemand, WatchBunch)>> PullAsync(WatchDemand demand)
    {
        var bunch = await demand.PullAsync().ConfigureAwait(false);
        return bunch is null ? Option<(WatchDemand, WatchBunch)>.None : (demand, bunch);
    }
}

/// <summary>The flow's way to ask its stream actor for more; knows when the actor is no more, so that no pull waits for ever.</summary>
/// <param name="stream">A <see cref="WatchStreamActor"/>.</param>
public sealed class WatchDemand(IActorRef stream)
{
    private TaskCompletionSource<WatchBunch?>? _pending;
    private bool _stopped;

    /// <summary>Whether the actor has stopped.</summary>
    public bool IsStopped => Volatile.Read(ref _stopped);

    /// <summary>What is ready, as soon as anything is; null when the stream has ended. One at a time.</summary>
    public Task<WatchBunch?> PullAsync()
    {
        // Continues on the stream actor's thread, and all it does there is to tell the flow: one hop less for each event.
        var pull = new TaskCompletionSource<WatchBunch?>();
        Volatile.Write(ref _pending, pull);
        stream.Tell(new WatchStreamCommand.Pull(pull), ActorRefs.NoSender);
        Interlocked.MemoryBarrier();                       // either this sees the stop, or the stop sees this pull
        if (Volatile.Read(ref _stopped))
        {
            pull.TrySetResult(null);
        }
        return pull.Task;
    }

    /// <summary>The actor has stopped: ends the pull that waits and all later ones.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopped, true);
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _pending)?.TrySetResult(null);
    }
}

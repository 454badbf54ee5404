using System.Threading.Channels;
using Akka.Actor;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Raft;

/// <summary>Stands for an actor, or for a node above one, and keeps what it is told, in order.</summary>
internal sealed class Recorder
{
    private readonly Channel<object> _told = Channel.CreateUnbounded<object>();

    /// <param name="system">Where it lives.</param>
    /// <param name="child">What it starts as its child, if anything.</param>
    public Recorder(IActorRefFactory system, Props? child = null)
        : this(system, null, child)
    {
    }

    /// <param name="system">Where it lives.</param>
    /// <param name="name">Its name there; null for any.</param>
    /// <param name="child">What it starts as its child, if anything.</param>
    public Recorder(IActorRefFactory system, string? name, Props? child = null)
    {
        var started = new TaskCompletionSource<IActorRef>();
        Ref = system.ActorOf(Props.Create(() => new Actor(_told.Writer, child, started)), name);
        Child = child is null ? ActorRefs.Nobody : started.Task.WaitAsync(PatientTestKit.Patience).GetAwaiter().GetResult();
    }

    public IActorRef Ref { get; }

    public IActorRef Child { get; }

    /// <summary>The next message of a kind; what comes before it is passed over.</summary>
    public async Task<T> NextAsync<T>(Predicate<T>? wanted = null)
    {
        using var patience = new CancellationTokenSource(PatientTestKit.Patience);
        while (true)
        {
            if (await _told.Reader.ReadAsync(patience.Token) is T message && (wanted is null || wanted(message)))
            {
                return message;
            }
        }
    }

    /// <summary>Everything that was told before this call and not looked at yet; what is on its way in the mailbox is waited for.</summary>
    public async Task<List<object>> TakeAsync()
    {
        var mark = new Mark();
        Ref.Tell(mark, ActorRefs.NoSender);
        await mark.Reached.Task.WaitAsync(PatientTestKit.Patience);
        var taken = new List<object>();
        while (_told.Reader.TryRead(out var message))
        {
            taken.Add(message);
        }
        return taken;
    }

    private sealed class Mark
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Actor : ReceiveActor
    {
        public Actor(ChannelWriter<object> told, Props? child, TaskCompletionSource<IActorRef> started)
        {
            if (child is not null)
            {
                started.TrySetResult(Context.ActorOf(child));
            }
            Receive<Mark>(static mark => mark.Reached.SetResult());
            ReceiveAny(message => told.TryWrite(message));
        }
    }
}

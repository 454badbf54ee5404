using System.Threading.Channels;
using Akka.Actor;
using Kv.Testing;

namespace Kv.Compat.Tests.Persistence;

/// <summary>An actor that only collects what it is told, with the senders, for a test to await.</summary>
internal sealed class Probe
{
    public static readonly TimeSpan Patience = PatientTestKit.Patience;

    private readonly Channel<(object Message, IActorRef Sender)> _received = Channel.CreateUnbounded<(object, IActorRef)>();

    public Probe(ActorSystem system)
    {
        var writer = _received.Writer;
        Ref = system.ActorOf(Props.Create(() => new Collector(writer)));
    }

    public IActorRef Ref { get; }

    public IActorRef? LastSender { get; private set; }

    /// <summary>The next message, whatever it is.</summary>
    public async Task<object> Next()
    {
        using var patience = new CancellationTokenSource(Patience);
        var (message, sender) = await _received.Reader.ReadAsync(patience.Token);
        LastSender = sender;
        return message;
    }

    /// <summary>The next message, which must be of a type.</summary>
    public async Task<T> Next<T>()
    {
        var message = await Next();
        return message is T typed ? typed : throw new InvalidOperationException($"Expected {typeof(T).Name}, got {message}");
    }

    /// <summary>The next messages, which must all be of a type.</summary>
    public async Task<T[]> Next<T>(int count)
    {
        var messages = new T[count];
        for (var i = 0; i < count; i++) messages[i] = await Next<T>();
        return messages;
    }

    /// <summary>Watches an actor; its <see cref="Terminated"/> is collected too.</summary>
    public void Watch(IActorRef actor) => Ref.Tell(new WatchRequest(actor), ActorRefs.NoSender);

    private sealed record WatchRequest(IActorRef Actor);

    private sealed class Collector(ChannelWriter<(object, IActorRef)> received) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is WatchRequest watch) Context.Watch(watch.Actor);
            else received.TryWrite((message, Sender));
        }
    }
}

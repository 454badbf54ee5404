using Akka.Actor;
using Akka.Event;

namespace Akka.Streams.Implementation;

/// <summary>Runs streams until its supervisor actor stops.</summary>
internal sealed class SupervisedMaterializer : ActorMaterializer
{
    private static long _names;

    private readonly LiveStreams _streams;

    public SupervisedMaterializer(IActorRefFactory context)
    {
        System = context switch
        {
            ActorSystem system => system,
            IActorContext actor => actor.System,
            _ => throw new ArgumentException($"ActorRefFactory context must be a ActorSystem or ActorContext, got [{context?.GetType()}]"),
        };
        var streams = _streams = new LiveStreams(Logging.GetLogger(System, nameof(ActorMaterializer)), System.Dispatchers.DefaultGlobalDispatcher);
        var props = Props.Create(() => new StreamSupervisor(streams));
        var name = $"StreamSupervisor-{Interlocked.Increment(ref _names) - 1}";
        Supervisor = context is ExtendedActorSystem extended ? extended.SystemActorOf(props, name) : context.ActorOf(props, name);
    }

    public override IActorRef Supervisor { get; }

    public override ActorSystem System { get; }

    public override bool IsShutdown => _streams.IsClosed;

    public override TMat Materialize<TMat>(IGraph<ClosedShape, TMat> runnable)
    {
        var stream = new Interpreter(_streams);
        var value = ((IClosedGraph<TMat>)runnable).Build(new Builder(stream, this));
        _streams.Add(stream);
        stream.Start();
        return value;
    }

    public override void Shutdown()
    {
        _streams.Close(Supervisor);
        ((IInternalActorRef)Supervisor).Stop();
    }
}

/// <summary>Its life is the streams' life.</summary>
internal sealed class StreamSupervisor(LiveStreams streams) : UntypedActor
{
    protected override void OnReceive(object message) => Unhandled(message);

    protected override void PostStop() => streams.Close(Self);
}

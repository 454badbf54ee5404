using Akka.Actor;

namespace Akka.Streams.Implementation;

/// <summary>Runs streams until its supervisor actor stops.</summary>
internal sealed class SupervisedMaterializer : ActorMaterializer
{
    private static long _names;

    private readonly LiveStreams _streams = new();

    public SupervisedMaterializer(IActorRefFactory context)
    {
        var streams = _streams;
        var props = Props.Create(() => new StreamSupervisor(streams));
        var name = $"StreamSupervisor-{Interlocked.Increment(ref _names) - 1}";
        switch (context)
        {
            case ExtendedActorSystem system:
                System = system;
                Supervisor = system.SystemActorOf(props, name);
                break;
            case IActorContext actor:
                System = actor.System;
                Supervisor = actor.ActorOf(props, name);
                break;
            default:
                throw new ArgumentException($"ActorRefFactory context must be a ActorSystem or ActorContext, got [{context?.GetType()}]");
        }
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

using System.Threading.Channels;
using Akka.Actor;

namespace Akka.TestKit;

/// <summary>Messages that steer a test actor.</summary>
public static class TestActor
{
    /// <summary>Sets which messages are ignored.</summary>
    public class SetIgnore : INoSerializationVerificationNeeded
    {
        /// <summary>By a function; null for none.</summary>
        public SetIgnore(Func<object, bool> ignore) => Ignore = ignore;

        /// <summary>The function.</summary>
        public Func<object, bool> Ignore { get; }
    }

    /// <summary>Watches an actor.</summary>
    public class Watch : INoSerializationVerificationNeeded
    {
        /// <summary>For the actor.</summary>
        public Watch(IActorRef actor) => Actor = actor;

        /// <summary>The actor.</summary>
        public IActorRef Actor { get; }
    }

    /// <summary>Takes a watch back.</summary>
    public class Unwatch : INoSerializationVerificationNeeded
    {
        /// <summary>For the actor.</summary>
        public Unwatch(IActorRef actor) => Actor = actor;

        /// <summary>The actor.</summary>
        public IActorRef Actor { get; }
    }

    /// <summary>Sets the pilot.</summary>
    public class SetAutoPilot : INoSerializationVerificationNeeded
    {
        /// <summary>The pilot.</summary>
        public SetAutoPilot(AutoPilot autoPilot) => AutoPilot = autoPilot;

        /// <summary>The pilot.</summary>
        public AutoPilot AutoPilot { get; }
    }

    /// <summary>Makes a child.</summary>
    public class Spawn : INoSerializationVerificationNeeded
    {
        /// <summary>From its parts; the name may be null.</summary>
        public Spawn(Props props, string name, SupervisorStrategy supervisorStrategy)
        {
            Props = props;
            Name = name;
            SupervisorStrategy = supervisorStrategy;
        }

        internal Props Props { get; }

        internal string Name { get; }

        internal SupervisorStrategy SupervisorStrategy { get; }
    }
}

/// <summary>Puts what it gets into a queue for the test.</summary>
internal sealed class InternalTestActor : ActorBase
{
    private readonly ChannelWriter<MessageEnvelope> _queue;
    private readonly PerChildStrategy _strategy = new();
    private Func<object, bool> _ignore;
    private AutoPilot _pilot;

    public InternalTestActor(ChannelWriter<MessageEnvelope> queue) => _queue = queue;

    protected override SupervisorStrategy SupervisorStrategy() => _strategy;

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case TestActor.SetIgnore ignore:
                _ignore = ignore.Ignore;
                return true;
            case TestActor.Watch watch:
                Context.Watch(watch.Actor);
                Sender.Tell(watch.Actor, Self);
                return true;
            case TestActor.Unwatch unwatch:
                Context.Unwatch(unwatch.Actor);
                Sender.Tell(unwatch.Actor, Self);
                return true;
            case TestActor.SetAutoPilot set:
                _pilot = set.AutoPilot;
                return true;
            case TestActor.Spawn spawn:
                var child = Context.ActorOf(spawn.Props, spawn.Name);
                _strategy.Set(child, spawn.SupervisorStrategy);
                Sender.Tell(child, Self);
                return true;
        }

        var sender = ((ActorCell)Context).SenderOrNull;
        if (_pilot is not null)
        {
            var next = _pilot.Run(sender, message);
            if (next is not KeepRunning) _pilot = next;
        }

        if (_ignore is null || !_ignore(message)) _queue.TryWrite(new RealMessageEnvelope(message, sender));
        return true;
    }

    private sealed class PerChildStrategy : SupervisorStrategy
    {
        private readonly Dictionary<IActorRef, SupervisorStrategy> _strategies = [];

        public override IDecider Decider => DefaultDecider;

        internal void Set(IActorRef child, SupervisorStrategy strategy) => _strategies[child] = strategy;

        private SupervisorStrategy For(IActorRef child) => _strategies.GetValueOrDefault(child, DefaultStrategy);

        protected override Directive Handle(IActorRef child, Exception exception) => For(child).Decider.Decide(exception);

        public override void ProcessFailure(IActorContext context, bool restart, IActorRef child, Exception cause, Actor.Internal.ChildRestartStats stats, IReadOnlyCollection<Actor.Internal.ChildRestartStats> children) =>
            For(child).ProcessFailure(context, restart, child, cause, stats, children);

        public override void HandleChildTerminated(IActorContext actorContext, IActorRef child, IEnumerable<IInternalActorRef> children) => _strategies.Remove(child);
    }
}

using Akka.Actor.Internal;
using Akka.Event;

namespace Akka.Actor
{
    /// <summary>Gives Akka an actor's context.</summary>
    public interface IInternalActor
    {
        /// <summary>The context.</summary>
        IActorContext ActorContext { get; }
    }

    /// <summary>Base of every actor. Only the actor's own code may use <see cref="Context"/>, and only while it handles a message.</summary>
    public abstract class ActorBase : IInternalActor
    {
        private readonly ActorCell _cell;
        private SupervisorStrategy _strategy;

        /// <summary>Only <c>ActorOf</c> may construct actors.</summary>
        protected ActorBase()
        {
            _cell = ActorCell.Current ?? throw new ActorInitializationException("Do not use 'new' to create an actor.");
            InitialReceive = Receive;
            _cell.Become(InitialReceive);
        }

        internal Receive InitialReceive { get; }

        internal ActorCell Cell => _cell;

        internal SupervisorStrategy Strategy => _strategy ??= _cell.Props.SupervisorStrategy ?? SupervisorStrategy();

        /// <summary>A behaviour that knows no message.</summary>
        protected static Receive EmptyReceive { get; } = static _ => false;

        /// <summary>This actor.</summary>
        protected IActorRef Self => _cell.Self;

        /// <summary>Who sent the message in work; dead letters when nobody did.</summary>
        protected IActorRef Sender => _cell.Sender;

        /// <summary>The actor running on this thread.</summary>
        /// <exception cref="NotSupportedException">No actor runs on this thread.</exception>
        protected static IActorContext Context => ActorCell.Current
            ?? throw new NotSupportedException("There is no active ActorContext, this is most likely due to use of async operations from within this actor.");

        IActorContext IInternalActor.ActorContext => _cell;

        /// <summary>Handles a message; false when it does not know it.</summary>
        protected abstract bool Receive(object message);

        internal void RunReceive(Receive receive, object message) => AroundReceive(receive, message);

        /// <summary>Around each message; a hook for frameworks.</summary>
        protected virtual bool AroundReceive(Receive receive, object message)
        {
            if (receive(message)) return true;
            Unhandled(message);
            return true;
        }

        /// <summary>For a message that no handler took: <see cref="Terminated"/> throws <see cref="DeathPactException"/>, others are published as <see cref="UnhandledMessage"/>.</summary>
        protected virtual void Unhandled(object message)
        {
            if (message is Terminated terminated) throw new DeathPactException(terminated.ActorRef);
            _cell.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
        }

        /// <summary>Replaces the behaviour.</summary>
        protected void Become(Receive receive) => _cell.Become(receive);

        /// <summary>Puts a behaviour on top.</summary>
        protected void BecomeStacked(Receive receive) => _cell.BecomeStacked(receive);

        /// <summary>Goes back to the behaviour below.</summary>
        protected void UnbecomeStacked() => _cell.UnbecomeStacked();

        /// <summary>Sets or, with null, clears the receive timeout.</summary>
        protected void SetReceiveTimeout(TimeSpan? timeout) => _cell.SetReceiveTimeout(timeout);

        /// <summary>What becomes of children that fail; asked once for each instance.</summary>
        protected virtual SupervisorStrategy SupervisorStrategy() => Actor.SupervisorStrategy.DefaultStrategy;

        /// <summary>Before the first message.</summary>
        protected virtual void PreStart()
        {
        }

        /// <summary>After the last message, also before a restart.</summary>
        protected virtual void PostStop()
        {
        }

        /// <summary>On the old instance before a restart: unwatches and stops the children, then <see cref="PostStop"/>.</summary>
        protected virtual void PreRestart(Exception reason, object message)
        {
            foreach (var child in _cell.GetChildren())
            {
                _cell.Unwatch(child);
                _cell.Stop(child);
            }

            PostStop();
        }

        /// <summary>On the new instance after a restart: <see cref="PreStart"/>.</summary>
        protected virtual void PostRestart(Exception reason) => PreStart();

        /// <summary>Calls <see cref="PreStart"/>; a hook for frameworks.</summary>
        public virtual void AroundPreStart() => PreStart();

        /// <summary>Calls <see cref="PostStop"/>; a hook for frameworks.</summary>
        public virtual void AroundPostStop() => PostStop();

        /// <summary>Calls <see cref="PreRestart"/>; a hook for frameworks.</summary>
        public virtual void AroundPreRestart(Exception cause, object message) => PreRestart(cause, message);

        /// <summary>Calls <see cref="PostRestart"/>; a hook for frameworks.</summary>
        public virtual void AroundPostRestart(Exception cause, object message) => PostRestart(cause);
    }

    /// <summary>An actor with one method for all messages.</summary>
    public abstract class UntypedActor : ActorBase
    {
        /// <summary>The actor running on this thread.</summary>
        protected static new IUntypedActorContext Context => (IUntypedActorContext)ActorBase.Context;

        /// <inheritdoc/>
        protected sealed override bool Receive(object message) => ReceiveUntyped(message);

        internal virtual bool ReceiveUntyped(object message)
        {
            OnReceive(message);
            return true;
        }

        /// <summary>Handles a message; call <see cref="ActorBase.Unhandled"/> for one it does not know.</summary>
        protected abstract void OnReceive(object message);

        /// <summary>Replaces the behaviour.</summary>
        protected void Become(UntypedReceive receive) => Context.Become(receive);

        /// <summary>Puts a behaviour on top.</summary>
        protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(receive);

        /// <summary>Runs an action as a task of this actor.</summary>
        protected static void RunTask(Action action) => Dispatch.ActorTaskScheduler.RunTask(action);

        /// <summary>Runs an asynchronous handler; until it completes no other ordinary message is handled.</summary>
        protected static void RunTask(Func<Task> action) => Dispatch.ActorTaskScheduler.RunTask(action);
    }
}

namespace Akka.Actor.Internal
{
    /// <summary>An actor with something to do after its constructor.</summary>
    public interface IInitializableActor
    {
        /// <summary>Called once after the constructor.</summary>
        void Init();
    }
}

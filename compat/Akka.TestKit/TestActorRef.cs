using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Util;

namespace Akka.TestKit.Internal
{
    /// <summary>The ref behind <see cref="TestActorRef{TActor}"/>.</summary>
    public class InternalTestActorRef : LocalActorRef
    {
        internal InternalTestActorRef(ActorSystemImpl system, Props props, MessageDispatcher dispatcher, MailboxType mailboxType, IInternalActorRef supervisor, ActorPath path)
            : base(system, props, dispatcher, mailboxType, supervisor, path)
        {
        }

        /// <summary>The actor's instance.</summary>
        public object UnderlyingActor => Cell.Actor ?? throw new IllegalActorStateException("UnderlyingActor was null: the actor has stopped, or its constructor failed.");

        /// <summary>An actor below a supervisor, handled on the calling thread unless its Props name a dispatcher.</summary>
        public static InternalTestActorRef Create(ActorSystem system, Props props, IActorRef supervisor = null, string name = null)
        {
            if (props.Deploy.Dispatcher.Length == 0) props = props.WithDispatcher(CallingThreadDispatcher.Id);
            var parent = (supervisor is TestProbe probe ? probe.Ref : supervisor) switch
            {
                null => ((ExtendedActorSystem)system).Provider.Guardian,
                LocalActorRef local => local,
                var other => throw new ArgumentException($"A TestActorRef cannot be supervised by {other}", nameof(supervisor)),
            };
            ActorRefMaker.Current = static (impl, p, dispatcher, mailbox, above, path) => new InternalTestActorRef(impl, p, dispatcher, mailbox, above, path);
            try
            {
                return (InternalTestActorRef)parent.Cell.MakeChild(props, name, systemService: false);
            }
            finally
            {
                ActorRefMaker.Current = null;
            }
        }

        /// <summary>Has the actor handle a message at once, on this thread; its exceptions come out here.</summary>
        public void Receive(object message, IActorRef sender = null) => Cell.ReceiveMessageForTest(new Envelope(message, sender));

        /// <inheritdoc/>
        public override string ToString() => "TestActor[" + Path + "]";
    }
}

namespace Akka.TestKit
{
    /// <summary>An actor whose instance can be looked into.</summary>
    public abstract class TestActorRefBase<TActor> : IActorRef, IInternalActorRef
        where TActor : ActorBase
    {
        private readonly Internal.InternalTestActorRef _ref;

        /// <summary>Makes the actor.</summary>
        protected TestActorRefBase(ActorSystem system, Props actorProps, IActorRef supervisor = null, string name = null) =>
            _ref = Internal.InternalTestActorRef.Create(system, actorProps, supervisor, name);

        /// <summary>The ref behind.</summary>
        protected Internal.InternalTestActorRef InternalRef => _ref;

        /// <summary>The ref behind.</summary>
        public IActorRef Ref => _ref;

        /// <summary>The actor's instance.</summary>
        public TActor UnderlyingActor => (TActor)_ref.UnderlyingActor;

        /// <inheritdoc/>
        public ActorPath Path => _ref.Path;

        IInternalActorRef IInternalActorRef.Parent => _ref.Parent;

        IActorRefProvider IInternalActorRef.Provider => _ref.Provider;

        bool IInternalActorRef.IsTerminated => _ref.IsTerminated;

        bool IActorRefScope.IsLocal => true;

        /// <summary>Has the actor handle a message at once, on this thread; its exceptions come out here.</summary>
        public void Receive(object message, IActorRef sender = null) => _ref.Receive(message, sender);

        /// <summary>Sends, with the test actor as sender.</summary>
        public void Tell(object message) => _ref.Tell(message, ActorCell.GetCurrentSelfOrNoSender());

        /// <summary>Sends.</summary>
        public void Tell(object message, IActorRef sender) => _ref.Tell(message, sender);

        /// <summary>Sends with the sender of the message in work.</summary>
        public void Forward(object message) => _ref.Tell(message, ActorCell.GetCurrentSenderOrNoSender());

        /// <summary>The ref behind.</summary>
        public static IActorRef ToActorRef(TestActorRefBase<TActor> actorRef) => actorRef._ref;

        /// <inheritdoc/>
        public void SendSystemMessage(ISystemMessage message) => _ref.SendSystemMessage(message);

        IActorRef IInternalActorRef.GetChild(IReadOnlyList<string> name) => _ref.GetChild(name);

        void IInternalActorRef.Resume(Exception causedByFailure) => _ref.Resume(causedByFailure);

        void IInternalActorRef.Start() => _ref.Start();

        void IInternalActorRef.Stop() => _ref.Stop();

        void IInternalActorRef.Restart(Exception cause) => _ref.Restart(cause);

        void IInternalActorRef.Suspend() => _ref.Suspend();

        ISurrogate ISurrogated.ToSurrogate(ActorSystem system) => _ref.ToSurrogate(system);

        /// <inheritdoc/>
        public bool Equals(IActorRef other) => _ref.Equals(other);

        /// <inheritdoc/>
        public override bool Equals(object obj) => _ref.Equals(obj);

        /// <inheritdoc/>
        public override int GetHashCode() => _ref.GetHashCode();

        int IComparable<IActorRef>.CompareTo(IActorRef other) => _ref.CompareTo(other);

        /// <inheritdoc/>
        public int CompareTo(object obj) => _ref.CompareTo(obj);

        /// <inheritdoc/>
        public override string ToString() => _ref.ToString();
    }

    /// <summary>An actor whose instance can be looked into.</summary>
    public class TestActorRef<TActor> : TestActorRefBase<TActor>
        where TActor : ActorBase
    {
        /// <summary>Makes the actor.</summary>
        public TestActorRef(ActorSystem system, Props actorProps, IActorRef supervisor = null, string name = null)
            : base(system, actorProps, supervisor, name)
        {
        }
    }
}

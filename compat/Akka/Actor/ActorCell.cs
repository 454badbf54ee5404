using Akka.Actor.Internal;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>An actor's inside: its instance, mailbox, behaviours, children and watchers. One thread at a time is inside it.</summary>
public partial class ActorCell : IUntypedActorContext
{
    [ThreadStatic]
    private static ActorCell t_current;

    private readonly ActorSystemImpl _system;
    private readonly IInternalActorRef _self;
    private readonly Props _props;
    private readonly IInternalActorRef _parent;
    private readonly MessageDispatcher _dispatcher;
    private Mailbox _mailbox;
    private ActorBase _actor;
    private Receive _behavior;
    private Stack<Receive> _behaviorsBelow;
    private ActorTaskScheduler _taskScheduler;
    private object _currentMessage;
    private IActorRef _sender;
    private long _envelopeId;
    private volatile bool _terminated;
    private bool _awaiting;
    private bool _awaitSuspended;
    private int _awaitNumber;

    internal ActorCell(ActorSystemImpl system, IInternalActorRef self, Props props, MessageDispatcher dispatcher, IInternalActorRef parent)
    {
        _system = system;
        _self = self;
        _props = props;
        _dispatcher = dispatcher;
        _parent = parent;
    }

    internal static ActorCell Current
    {
        get => t_current;
        set => t_current = value;
    }

    /// <summary>The actor.</summary>
    public IActorRef Self => _self;

    /// <summary>What it was made from.</summary>
    public Props Props => _props;

    /// <summary>Its system.</summary>
    public ActorSystem System => _system;

    /// <summary>Its system, from inside.</summary>
    public ActorSystemImpl SystemImpl => _system;

    /// <summary>Its supervisor.</summary>
    public IInternalActorRef Parent => _parent;

    IActorRef IActorContext.Parent => _parent;

    /// <summary>What runs it.</summary>
    public MessageDispatcher Dispatcher => _dispatcher;

    /// <summary>Its queues.</summary>
    public Mailbox Mailbox => _mailbox;

    /// <summary>The message in work, or null.</summary>
    public object CurrentMessage => _currentMessage;

    /// <summary>Who sent the message in work; dead letters when nobody did.</summary>
    public IActorRef Sender => _sender ?? _system.DeadLetters;

    /// <summary>Whether it has stopped.</summary>
    public bool IsTerminated => _terminated;

    /// <summary>Whether messages wait.</summary>
    public bool HasMessages => _mailbox.HasMessages;

    /// <summary>How many messages wait; O(n).</summary>
    public int NumberOfMessages => _mailbox.MessageQueue.Count;

    /// <summary>Runs continuations on the actor.</summary>
    public virtual ActorTaskScheduler TaskScheduler => _taskScheduler ??= new ActorTaskScheduler(this);

    internal ActorBase Actor => _actor;

    internal IActorRef SenderOrNull => _sender;

    /// <summary>Lets a handler that Akka.Persistence runs see the sender its event was persisted for.</summary>
    internal void ActAs(IActorRef sender) => _sender = sender;

    internal long EnvelopeId => _envelopeId;

    /// <summary>The actor running on this thread, or null.</summary>
    public static IActorRef GetCurrentSelfOrNoSender() => t_current?._self;

    /// <summary>The sender of the message in work on this thread, or null.</summary>
    public static IActorRef GetCurrentSenderOrNoSender() => t_current?._sender;

    internal void Init(MailboxType mailboxType)
    {
        _mailbox = MakeMailbox(mailboxType);
        _mailbox.SetActor(this);
        _mailbox.SystemEnqueue(new Create());
    }

    internal virtual Mailbox MakeMailbox(MailboxType type) => new(type.Create(_self, _system));

    /// <summary>Lets the actor handle messages.</summary>
    public virtual void Start() => _dispatcher.Attach(this);

    internal virtual void SendMessage(IActorRef sender, object message)
    {
        if (message is null) throw new InvalidMessageException();
        if (_terminated)
        {
            DeadMessage(message, sender);
            return;
        }

        if (_system.SerializesMessages) message = _system.RoundTrip(message);
        _dispatcher.Dispatch(this, new Envelope(message, sender));
    }

    internal virtual void SendSystemMessage(ISystemMessage message)
    {
        if (_terminated) DeadSystemMessage((SystemMessage)message);
        else _dispatcher.SystemDispatch(this, (SystemMessage)message);
    }

    internal void DeadMessage(object message, IActorRef sender) => _system.DeadLetter(message, sender, _self);

    internal void DeadSystemMessage(SystemMessage message) => _system.DeadSystemMessage(message, _self);

    /// <summary>Handles one message; for the mailbox.</summary>
    internal void Invoke(object message, IActorRef sender)
    {
        _currentMessage = message;
        _sender = sender;
        _envelopeId++;
        try
        {
            if (message is IAutoReceivedMessage) AutoReceive(message);
            else ReceiveMessage(message);
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause);
        }
        finally
        {
            if (_receiveTimeout is not null) CheckReceiveTimeout(message is not INotInfluenceReceiveTimeout);
        }
    }

    internal void ForgetCurrentMessage()
    {
        if (_awaiting || _failedBy is not null) return;   // still needed: by continuations, or by PreRestart
        _currentMessage = null;
        _sender = null;
    }

    /// <summary>Runs an action as if inside the actor.</summary>
    public void UseThreadContext(Action action)
    {
        var previous = t_current;
        t_current = this;
        try
        {
            action();
        }
        finally
        {
            t_current = previous;
        }
    }

    /// <summary>Has the actor handle a message on this thread; its exceptions come out here.</summary>
    public void ReceiveMessageForTest(Envelope envelope)
    {
        var (previousCell, previousMessage, previousSender) = (t_current, _currentMessage, _sender);
        t_current = this;
        _currentMessage = envelope.Message;
        _sender = envelope.Sender;
        _envelopeId++;
        try
        {
            ReceiveMessage(envelope.Message);
        }
        finally
        {
            (t_current, _currentMessage, _sender) = (previousCell, previousMessage, previousSender);
        }
    }

    private void AutoReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                ReceivedTerminated(terminated);
                break;
            case TimerScheduler.Tick tick:
                if ((_actor as IWithTimers)?.Timers is TimerScheduler timers && timers.Accepts(tick)) ReceiveTimer(tick.Message);
                break;
            case Kill:
                throw new ActorKilledException("Kill");
            case PoisonPill:
                _self.Stop();
                break;
            case ActorSelectionMessage selection:
                Akka.Actor.ActorSelection.Deliver(this, selection, _sender);
                break;
            case AddressTerminated gone:
                NodeTerminated(gone.Address);
                break;
            case Identify identify:
                Sender.Tell(new ActorIdentity(identify.MessageId, _self), _self);
                break;
            default:
                ReceiveMessage(message);
                break;
        }
    }

    private void ReceiveTimer(object message)
    {
        _currentMessage = message;
        if (message is IAutoReceivedMessage) AutoReceive(message);
        else ReceiveMessage(message);
    }

    internal void ReceiveMessage(object message)
    {
        var actor = _actor;
        actor.RunReceive(_behavior, message);
    }

    /// <summary>Handles a system message; for the mailbox.</summary>
    internal void SystemInvoke(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case Create create: CreateActor(create.Failure); break;
                case ActorTask task: TaskScheduler.Execute(task.Task); break;
                case AsyncHandlerDone done: EndAwait(done.Failure, done.Number); break;
                case Watch watch: AddWatcher(watch); break;
                case Unwatch unwatch: RemoveWatcher(unwatch); break;
                case DeathWatchNotification died: WatchedActorTerminated(died.Actor, died.ExistenceConfirmed, died.AddressTerminated); break;
                case Failed failed: HandleFailed(failed); break;
                case Recreate recreate: FaultRecreate(recreate.Cause); break;
                case Suspend: FaultSuspend(); break;
                case Resume resume: FaultResume(resume.CausedByFailure); break;
                case Dispatch.SysMsg.Terminate: Terminate(); break;
                default: throw new NotSupportedException($"Unknown system message {message.GetType()}");
            }
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause, message);
        }
    }

    /// <summary>Suspends the mailbox until the handler's end comes back with this number.</summary>
    internal int BeginAwait()
    {
        _awaiting = true;
        _awaitSuspended = true;
        _mailbox.SuspendOnce();
        return ++_awaitNumber;
    }

    private void EndAwait(Exception failure, int number)
    {
        if (number != _awaitNumber || !_awaiting) return;   // the handler of an instance that has been replaced
        _awaiting = false;
        try
        {
            if (failure is not null) HandleInvokeFailure(failure);
        }
        finally
        {
            if (_awaitSuspended)
            {
                _awaitSuspended = false;
                _mailbox.ResumeOnce();
            }

            if (_receiveTimeout is not null) CheckReceiveTimeout(reschedule: true);
            ForgetCurrentMessage();
        }
    }

    /// <summary>Replaces the behaviour.</summary>
    public void Become(Receive receive)
    {
        _behavior = receive;
    }

    /// <summary>Puts a behaviour on top.</summary>
    public void BecomeStacked(Receive receive)
    {
        (_behaviorsBelow ??= new Stack<Receive>()).Push(_behavior);
        _behavior = receive;
    }

    /// <summary>Goes back to the behaviour below; the last one stays.</summary>
    public void UnbecomeStacked()
    {
        if (_behaviorsBelow is not null && _behaviorsBelow.TryPop(out var below)) _behavior = below;
    }

    void IUntypedActorContext.Become(UntypedReceive receive) => Become(Handled(receive));

    void IUntypedActorContext.BecomeStacked(UntypedReceive receive) => BecomeStacked(Handled(receive));

    private static Receive Handled(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };

    private void CreateActor(ActorInitializationException failure)
    {
        try
        {
            if (failure is not null) throw failure;
            _actor = NewActor();
            _actor.AroundPreStart();
            if (_receiveTimeout is not null) CheckReceiveTimeout(reschedule: true);
            if (_system.Settings.DebugLifecycle) Publish(new Debug(_self.Path.ToString(), _actor.GetType(), "Started (" + _actor + ")"));
        }
        catch (Exception cause)
        {
            if (_actor is not null)
            {
                ReleaseActor(_actor);
                _actor = null;
            }

            if (cause is ActorInitializationException) throw;
            throw new ActorInitializationException(_self, "Exception during creation", cause is global::System.Reflection.TargetInvocationException { InnerException: { } inner } ? inner : cause);
        }
    }

    internal virtual ActorBase CreateNewActorInstance() => _props.NewActor();

    private ActorBase NewActor()
    {
        var previous = t_current;
        t_current = this;
        _behavior = null;
        _behaviorsBelow = null;
        try
        {
            var actor = CreateNewActorInstance() ?? throw new ActorInitializationException(_self, "Actor instance passed to actorOf can't be 'null'");
            if (actor is IWithTimers timers) timers.Timers = new TimerScheduler(this);
            if (actor is IActorStash stash)
            {
                stash.Stash = StashImpl.For(this, actor);
            }

            _behavior ??= actor.InitialReceive;
            if (actor is IInitializableActor initializable) initializable.Init();
            return actor;
        }
        finally
        {
            t_current = previous;
        }
    }

    private void ReleaseActor(ActorBase actor)
    {
        (actor as IWithTimers)?.Timers?.CancelAll();
        _props.Release(actor);
    }

    internal void Publish(LogEvent logEvent)
    {
        _system.EventStream.Publish(logEvent);
    }

    /// <inheritdoc/>
    public override string ToString() => _self.ToString();
}

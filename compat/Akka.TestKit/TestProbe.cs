using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Util;

namespace Akka.TestKit;

/// <summary>A test actor with a queue of its own; it can be used as a ref.</summary>
public class TestProbe : TestKitBase, INoImplicitSender, IInternalActorRef
{
    /// <summary>On a system.</summary>
    public TestProbe(ActorSystem system, ITestKitAssertions assertions, string testProbeName = null)
        : base(assertions, system, testProbeName)
    {
    }

    /// <summary>The probe as a ref.</summary>
    public IActorRef Ref => TestActor;

    /// <summary>Who sent the message got last.</summary>
    public IActorRef Sender => LastSender;

    ActorPath IActorRef.Path => TestActor.Path;

    IInternalActorRef IInternalActorRef.Parent => Inner.Parent;

    IActorRefProvider IInternalActorRef.Provider => Inner.Provider;

    bool IInternalActorRef.IsTerminated => Inner.IsTerminated;

    bool IActorRefScope.IsLocal => true;

    private IInternalActorRef Inner => (IInternalActorRef)TestActor;

    /// <summary>Sends with the probe as sender.</summary>
    public void Send(IActorRef actor, object message) => actor.Tell(message, TestActor);

    /// <summary>Passes the message got last on, with its sender.</summary>
    public void Forward(IActorRef actor) => actor.Tell(LastMessage, Sender);

    /// <summary>Sends with the sender of the message got last.</summary>
    public void Forward(IActorRef actor, object message) => actor.Tell(message, Sender);

    /// <summary>Answers the sender of the message got last.</summary>
    public void Reply(object message) => Sender.Tell(message, TestActor);

    /// <inheritdoc/>
    public override TestProbe CreateTestProbe(string name = null) =>
        throw new NotSupportedException("Cannot create a TestProbe from a TestProbe");

    /// <summary>A child of the probe.</summary>
    public IActorRef ChildActorOf<T>(string name, CancellationToken cancellationToken = default)
        where T : ActorBase => ChildActorOf(Props.Create<T>(), name, cancellationToken);

    /// <summary>A child of the probe.</summary>
    public IActorRef ChildActorOf<T>(CancellationToken cancellationToken = default)
        where T : ActorBase => ChildActorOf(Props.Create<T>(), cancellationToken);

    void ICanTell.Tell(object message, IActorRef sender) => TestActor.Tell(message, sender);

    IActorRef IInternalActorRef.GetChild(IReadOnlyList<string> name) => Inner.GetChild(name);

    void IInternalActorRef.Resume(Exception causedByFailure) => Inner.Resume(causedByFailure);

    void IInternalActorRef.Start() => Inner.Start();

    void IInternalActorRef.Stop() => Inner.Stop();

    void IInternalActorRef.Restart(Exception cause) => Inner.Restart(cause);

    void IInternalActorRef.Suspend() => Inner.Suspend();

    /// <inheritdoc/>
    public void SendSystemMessage(ISystemMessage message) => Inner.SendSystemMessage(message);

    ISurrogate ISurrogated.ToSurrogate(ActorSystem system) => TestActor.ToSurrogate(system);

    bool IEquatable<IActorRef>.Equals(IActorRef other) => TestActor.Equals(other);

    /// <inheritdoc/>
    public override bool Equals(object obj) => TestActor.Equals(obj);

    /// <inheritdoc/>
    public override int GetHashCode() => TestActor.GetHashCode();

    int IComparable<IActorRef>.CompareTo(IActorRef other) => TestActor.CompareTo(other);

    /// <inheritdoc/>
    public int CompareTo(object obj) => TestActor.CompareTo(obj);

    /// <inheritdoc/>
    public override string ToString() => TestActor.ToString();
}

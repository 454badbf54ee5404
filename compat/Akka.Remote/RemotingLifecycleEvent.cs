using Akka.Actor;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Published on the event stream when connections are made and lost.</summary>
public abstract class RemotingLifecycleEvent
{
    /// <summary>Level at which it is logged.</summary>
    public abstract LogLevel LogLevel();
}

/// <summary>Something about one connection.</summary>
public abstract class AssociationEvent : RemotingLifecycleEvent
{
    /// <summary>Word for it in logs.</summary>
    protected string EventName;

    /// <summary>Our address.</summary>
    public abstract Address LocalAddress { get; protected set; }

    /// <summary>The peer's address.</summary>
    public abstract Address RemoteAddress { get; protected set; }

    /// <summary>Whether the peer opened it.</summary>
    public abstract bool IsInbound { get; protected set; }

    /// <inheritdoc/>
    public override string ToString() => $"{EventName} [{LocalAddress}] {(IsInbound ? "<-" : "->")} {RemoteAddress}";
}

/// <summary>A connection is made.</summary>
public sealed class AssociatedEvent : AssociationEvent
{
    /// <summary>For the pair.</summary>
    public AssociatedEvent(Address localAddress, Address remoteAddress, bool inbound)
    {
        LocalAddress = localAddress;
        RemoteAddress = remoteAddress;
        IsInbound = inbound;
        EventName = "Associated";
    }

    /// <inheritdoc/>
    public override Address LocalAddress { get; protected set; }

    /// <inheritdoc/>
    public override Address RemoteAddress { get; protected set; }

    /// <inheritdoc/>
    public override bool IsInbound { get; protected set; }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.DebugLevel;
}

/// <summary>A connection has ended.</summary>
public sealed class DisassociatedEvent : AssociationEvent
{
    /// <summary>For the pair.</summary>
    public DisassociatedEvent(Address localAddress, Address remoteAddress, bool inbound)
    {
        LocalAddress = localAddress;
        RemoteAddress = remoteAddress;
        IsInbound = inbound;
        EventName = "Disassociated";
    }

    /// <inheritdoc/>
    public override Address LocalAddress { get; protected set; }

    /// <inheritdoc/>
    public override Address RemoteAddress { get; protected set; }

    /// <inheritdoc/>
    public override bool IsInbound { get; protected set; }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.DebugLevel;
}

/// <summary>A connection could not be made, or has failed.</summary>
public sealed class AssociationErrorEvent : AssociationEvent
{
    private readonly LogLevel _level;

    /// <summary>For the pair.</summary>
    public AssociationErrorEvent(Exception cause, Address localAddress, Address remoteAddress, bool inbound, LogLevel level)
    {
        Cause = cause;
        LocalAddress = localAddress;
        RemoteAddress = remoteAddress;
        IsInbound = inbound;
        EventName = "AssociationError";
        _level = level;
    }

    /// <summary>Why.</summary>
    public Exception Cause { get; private set; }

    /// <inheritdoc/>
    public override Address LocalAddress { get; protected set; }

    /// <inheritdoc/>
    public override Address RemoteAddress { get; protected set; }

    /// <inheritdoc/>
    public override bool IsInbound { get; protected set; }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => _level;

    /// <inheritdoc/>
    public override string ToString() => $"{base.ToString()}: Error [{Cause.Message}]";
}

/// <summary>Remoting takes connections.</summary>
public sealed class RemotingListenEvent : RemotingLifecycleEvent
{
    /// <summary>At these addresses.</summary>
    public RemotingListenEvent(IList<Address> listenAddresses) => ListenAddresses = listenAddresses;

    /// <summary>Where.</summary>
    public IList<Address> ListenAddresses { get; private set; }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.InfoLevel;

    /// <inheritdoc/>
    public override string ToString() => $"Remoting now listens on addresses: [{string.Join(',', ListenAddresses)}]";
}

/// <summary>Remoting has ended.</summary>
public sealed class RemotingShutdownEvent : RemotingLifecycleEvent
{
    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.InfoLevel;

    /// <inheritdoc/>
    public override string ToString() => "Remoting shut down";
}

/// <summary>Remoting itself has failed.</summary>
public sealed class RemotingErrorEvent : RemotingLifecycleEvent
{
    /// <summary>With its cause.</summary>
    public RemotingErrorEvent(Exception cause) => Cause = cause;

    /// <summary>Why.</summary>
    public Exception Cause { get; private set; }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.ErrorLevel;

    /// <inheritdoc/>
    public override string ToString() => $"Remoting error: [{Cause.Message}] [{Cause.StackTrace}]";
}

/// <summary>An incarnation of a peer is given up for good.</summary>
public sealed class QuarantinedEvent : RemotingLifecycleEvent
{
    /// <summary>For the incarnation.</summary>
    public QuarantinedEvent(Address address, int uid)
    {
        Address = address;
        Uid = uid;
    }

    /// <summary>Of the peer.</summary>
    public Address Address { get; private set; }

    /// <summary>Its incarnation.</summary>
    public int Uid { get; private set; }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.WarningLevel;

    /// <inheritdoc/>
    public override string ToString() =>
        $"[{Address}] with UID [{Uid}] is quarantined: its messages are refused, ours to it are dead letters, until its actor system is started anew.";
}

/// <summary>A peer has given this incarnation up for good.</summary>
public sealed class ThisActorSystemQuarantinedEvent : RemotingLifecycleEvent
{
    /// <summary>For the pair.</summary>
    public ThisActorSystemQuarantinedEvent(Address localAddress, Address remoteAddress)
    {
        LocalAddress = localAddress;
        RemoteAddress = remoteAddress;
    }

    /// <summary>Our address.</summary>
    public Address LocalAddress { get; private set; }

    /// <summary>Who gave us up.</summary>
    public Address RemoteAddress { get; private set; }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.WarningLevel;

    /// <inheritdoc/>
    public override string ToString() => $"The remote system {RemoteAddress} has quarantined this system {LocalAddress}.";
}

using Akka.Actor;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Remoting could not do what was asked.</summary>
public class RemoteTransportException : AkkaException
{
    /// <summary>With a message and, if known, its cause.</summary>
    public RemoteTransportException(string message, Exception cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>Carries messages between systems.</summary>
public abstract class RemoteTransport
{
    /// <summary>For a system.</summary>
    protected RemoteTransport(ExtendedActorSystem system, RemoteActorRefProvider provider)
    {
        System = system;
        Provider = provider;
    }

    /// <summary>The system.</summary>
    public ExtendedActorSystem System { get; private set; }

    /// <summary>Whose transport it is.</summary>
    public RemoteActorRefProvider Provider { get; private set; }

    /// <summary>Addresses that are ours.</summary>
    public abstract ISet<Address> Addresses { get; }

    /// <summary>The first of them.</summary>
    public abstract Address DefaultAddress { get; }

    /// <summary>Where it logs.</summary>
    public ILoggingAdapter Log { get; protected set; }

    /// <summary>Whether connections made and lost are logged.</summary>
    public bool logRemoteLifeCycleEvents { get; protected set; }

    /// <summary>Whether peers are kept from doing harm.</summary>
    protected bool UseUntrustedMode { get; set; }

    /// <summary>Stops taking and making connections, after what is queued has been sent.</summary>
    public abstract Task Shutdown();

    /// <summary>Takes connections.</summary>
    public abstract void Start();

    /// <summary>Sends; at most once, in order for one sender and one receiver.</summary>
    public abstract void Send(object message, IActorRef sender, RemoteActorRef recipient);

    /// <summary>Asks the transport for something particular to it.</summary>
    /// <returns>Whether it was understood.</returns>
    public abstract Task<bool> ManagementCommand(object cmd);

    /// <summary>Asks the transport for something particular to it.</summary>
    /// <returns>Whether it was understood.</returns>
    public abstract Task<bool> ManagementCommand(object cmd, CancellationToken cancellationToken);

    /// <summary>Our address as that peer knows it.</summary>
    public abstract Address LocalAddressForRemote(Address remote);

    /// <summary>Gives an incarnation of a peer up; without a uid: closes the connection for the gate's time.</summary>
    public abstract void Quarantine(Address address, int? uid);
}

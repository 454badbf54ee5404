using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using Akka.Remote.Wire;

namespace Akka.Remote;

/// <summary>Remoting over TCP: one listener, one <see cref="Association"/> for each address.</summary>
internal sealed class Remoting : RemoteTransport
{
    private readonly ConcurrentDictionary<Address, Association> _associations = new();
    private readonly ConcurrentDictionary<(Address, int), long> _quarantined = new();
    private readonly HashSet<Address> _addresses = [];
    private readonly CancellationTokenSource _shutDown = new();
    private readonly Lock _lock = new();
    private Listener _listener;
    private ICancelable _heartbeats;
    private Address _defaultAddress;
    private Task _ending;

    public Remoting(ExtendedActorSystem system, RemoteActorRefProvider provider)
        : base(system, provider)
    {
        Log = Logging.GetLogger(system, "remoting");
        logRemoteLifeCycleEvents = provider.RemoteSettings.RemoteLifecycleEventsLogLevel.ToUpperInvariant() is not ("OFF" or "FALSE" or "NO");
        UseUntrustedMode = provider.RemoteSettings.UntrustedMode;
        Events = new EventPublisher(system, Log, provider.RemoteSettings.RemoteLifecycleEventsLogLevel);
        TransportSettings = DotNettyTransportSettings.Create(system.Settings.Config);
        Tls = new Tls(TransportSettings.EnableSsl ? SslSettings.Create(system, system.Settings.Config.GetConfig("akka.remote.dot-netty.tcp")) : null, Log);
        Uid = AddressUidExtension.Uid(system);
    }

    public DotNettyTransportSettings TransportSettings { get; }

    public Tls Tls { get; }

    public EventPublisher Events { get; }

    /// <summary>Of this incarnation.</summary>
    public int Uid { get; }

    public bool IsUntrusted => UseUntrustedMode;

    public bool IsShutDown => _shutDown.IsCancellationRequested;

    public override ISet<Address> Addresses => _addresses;

    public override Address DefaultAddress => _defaultAddress ?? throw new RemoteTransportException("Attempted to use the default address before remoting has started.");

    public override Address LocalAddressForRemote(Address remote) => DefaultAddress;

    public override void Start()
    {
        Log.Info("Starting remoting");
        Socket socket;
        using (var timer = new CancellationTokenSource(Provider.RemoteSettings.StartupTimeout))
        {
            try
            {
                socket = Sockets.ListenAsync(TransportSettings, timer.Token).GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                var failure = new RemoteTransportException($"Failed to bind to [{TransportSettings.Hostname}:{TransportSettings.Port}]: {e.Message}", e);
                Events.Publish(new RemotingErrorEvent(failure));
                throw failure;
            }
        }

        _defaultAddress = TransportSettings.AddressAt(System.Name, ((global::System.Net.IPEndPoint)socket.LocalEndPoint).Port);
        _addresses.Add(_defaultAddress);
        _listener = new Listener(this, socket);
        _listener.Start();
        var interval = TransportSettings.HeartbeatInterval;
        _heartbeats = System.Scheduler.Advanced.ScheduleRepeatedlyCancelable(interval, interval, CheckConnections);
        Log.Info("Remoting started; listening on addresses : [{0}]", _defaultAddress);
        Events.Publish(new RemotingListenEvent([_defaultAddress]));
    }

    private void CheckConnections()
    {
        foreach (var (_, association) in _associations)
            foreach (var connection in association.Connections) connection.CheckAlive(TransportSettings.SilenceAllowed);
    }

    public Association AssociationWith(Address address) => _associations.GetOrAdd(address, static (a, self) => new Association(self, a), this);

    private Association UsedAssociationWith(Address address)
    {
        lock (_lock)
        {
            var association = AssociationWith(address);
            association.IsUsed = true;
            return association;
        }
    }

    /// <summary>Keeps nothing of a peer that came, was never sent anything, and went: whoever claims ever new addresses costs nothing for long.</summary>
    public void ForgetUnused(Association association)
    {
        lock (_lock)
            if (!association.IsUsed && association.Connections.Length == 0) _associations.TryRemove(new KeyValuePair<Address, Association>(association.Remote, association));
    }

    public override void Send(object message, IActorRef sender, RemoteActorRef recipient)
    {
        var association = (Association)recipient.Route;
        if (association is null) recipient.Route = association = UsedAssociationWith(recipient.Path.Address);
        if (message is SystemMessage system) association.SendSystem(system, recipient);
        else association.Send(new Outbound(message, sender, recipient));
    }

    /// <summary>Opens a connection and greets.</summary>
    public async Task<Greeted> ConnectAsync(Association peer)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(_shutDown.Token);
        timer.CancelAfter(TransportSettings.ConnectTimeout);
        Socket socket = null;
        Stream stream = null;
        try
        {
            socket = await Sockets.ConnectAsync(TransportSettings, peer.Remote, timer.Token).ConfigureAwait(false);
            timer.CancelAfter(TransportSettings.HandshakeTimeout);
            stream = await Tls.OutboundAsync(new NetworkStream(socket, ownsSocket: true), peer.Remote, timer.Token).ConfigureAwait(false);
            await Greeting.SendHelloAsync(stream, Uid, DefaultAddress, peer.Remote, timer.Token).ConfigureAwait(false);
            var (uid, answers) = await Greeting.ReadWelcomeAsync(stream, timer.Token).ConfigureAwait(false);
            if (IsQuarantined(peer.Remote, uid)) throw new RemoteTransportException($"[{peer.Remote}] with UID [{uid}] is quarantined until its actor system is started anew.");
            return new Greeted(socket, stream, uid, answers);
        }
        catch (Exception e)
        {
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            socket?.Dispose();
            if (e is RefusedException refused) Refused(peer, refused.Reason);
            if (e is OperationCanceledException && !IsShutDown)
                throw new RemoteTransportException(stream is null ? $"No connection within {TransportSettings.ConnectTimeout}" : $"No answer to the greeting within {TransportSettings.HandshakeTimeout}", e);
            throw;
        }
    }

    /// <summary>A peer has told us that it does not want us.</summary>
    public void Refused(Association peer, RefuseReason reason)
    {
        if (reason == RefuseReason.Quarantined) Events.Publish(new ThisActorSystemQuarantinedEvent(DefaultAddress, peer.Remote));
    }

    public bool IsQuarantined(Address address, int uid) =>
        _quarantined.TryGetValue((address, uid), out var until) && (until > Environment.TickCount64 || !_quarantined.TryRemove((address, uid), out _));

    public override void Quarantine(Address address, int? uid)
    {
        if (uid is { } incarnation && incarnation != 0)
        {
            var until = Provider.RemoteSettings.QuarantineDuration is { } duration ? Environment.TickCount64 + (long)duration.TotalMilliseconds : long.MaxValue;
            if (!_quarantined.TryAdd((address, incarnation), until)) return;
            Events.Publish(new QuarantinedEvent(address, incarnation));
        }

        AssociationWith(address).Quarantine(uid);
    }

    public override Task<bool> ManagementCommand(object cmd) => ManagementCommand(cmd, CancellationToken.None);

    public override Task<bool> ManagementCommand(object cmd, CancellationToken cancellationToken) => Task.FromResult(false);

    public override Task Shutdown()
    {
        lock (_lock) return _ending ??= ShutdownAsync();
    }

    private async Task ShutdownAsync()
    {
        await _shutDown.CancelAsync().ConfigureAwait(false);
        _heartbeats?.Cancel();
        _listener?.Dispose();
        var connections = _associations.Values.SelectMany(static a => a.Connections).ToArray();
        foreach (var connection in connections) connection.CloseAfterFlush();
        using (var timer = new CancellationTokenSource(Provider.RemoteSettings.FlushWait))
        {
            try
            {
                await Task.WhenAll(connections.Select(static c => Task.WhenAll(c.WriteEnded, c.ReadEnded))).WaitAsync(timer.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                Log.Warning("Not all messages could be flushed within {0}", Provider.RemoteSettings.FlushWait);
            }
        }

        foreach (var connection in connections) connection.Abort(new RemoteTransportException("Remoting has been shut down."));
        Events.Publish(new RemotingShutdownEvent());
    }
}

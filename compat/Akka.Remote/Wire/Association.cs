using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote.Wire;

/// <summary>All about one address: its queue, its connection, its gate. Lives as long as remoting.</summary>
/// <remarks><code>
/// Idle ──send──► Connecting ──greeted──► Active ──lost──► Gated ──time, then send──► Connecting
///                    └───────failed──────────────────────►┘
/// Idle, Gated ──the peer connects, passive connections on──► Active
/// </code>
/// Messages wait in the queue while Connecting and Active, and are dead letters while Gated. One connection at a time carries what we
/// write: order holds because it is never changed while it lives, and the peer reads an older one to its end before a newer one.
/// </remarks>
internal sealed partial class Association(Remoting remoting, Address remote)
{
    private enum State
    {
        Idle,
        Connecting,
        Active,
        Gated,
    }

    private readonly ConcurrentQueue<Outbound> _queue = new();
    private readonly ConcurrentQueue<Outbound> _urgent = new();      // heartbeats
    private readonly Lock _lock = new();
    private readonly HashSet<Connection> _connections = [];
    private volatile Connection _writer;
    private Connection _reader;                                       // the peer's messages come on this one
    private volatile State _state;
    private long _gateOpensAt;
    private int _warned;

    public Address Remote { get; } = remote;

    /// <summary>Whether something here sends to it; if nothing ever did, it is forgotten with its last connection.</summary>
    public bool IsUsed { get; set; }

    public bool IsWriter(Connection connection) => ReferenceEquals(_writer, connection);

    /// <summary>Queues a message, or makes it a dead letter. For any thread.</summary>
    public void Send(in Outbound message)
    {
        if (_state is State.Idle or State.Gated && !TryConnect())
        {
            ToDeadLetters(message);
            return;
        }

        if (message.Message is IPriorityMessage or ActorSelectionMessage { Message: IPriorityMessage }) _urgent.Enqueue(message);
        else _queue.Enqueue(message);
        _writer?.Wake();
        if (_state == State.Gated) DropQueue();   // it closed meanwhile, and was emptied before this message
        else if (_warned == 0 && _queue.Count > remoting.Provider.RemoteSettings.LogBufferSizeExceeding) WarnOfQueue();
    }

    private void WarnOfQueue()
    {
        if (Interlocked.Exchange(ref _warned, 1) == 0)
            remoting.Log.Warning("[{0}] messages wait to be sent to [{1}]; the sender is faster than the peer takes them", _queue.Count, Remote);
    }

    public bool TryTake(out Outbound message)
    {
        if (_urgent.TryDequeue(out message) || _queue.TryDequeue(out message)) return true;
        _warned = 0;
        return false;
    }

    private bool TryConnect()
    {
        lock (_lock)
        {
            if (_state is State.Connecting or State.Active) return true;
            if (_state == State.Gated && Environment.TickCount64 < _gateOpensAt) return false;
            if (remoting.IsShutDown) return false;
            _state = State.Connecting;
        }

        _ = ConnectAsync();
        return true;
    }

    private async Task ConnectAsync()
    {
        try
        {
            var greeted = await remoting.ConnectAsync(this).ConfigureAwait(false);
            var connection = new Connection(remoting, this, greeted.Socket, greeted.Stream, greeted.PeerUid, inbound: false, forUs: true);
            var answers = greeted.PeerAnswersHere;
            if (answers) await ReadOnlyFromAsync(connection).ConfigureAwait(false);
            if (!Attach(connection)) connection.Abort(new RemoteTransportException("Remoting has been shut down."));
            connection.Start();
        }
        catch (Exception e)
        {
            FailedToConnect(e);
        }
    }

    private bool Attach(Connection connection)
    {
        Connection[] replaced;
        lock (_lock)
        {
            _connections.Add(connection);
            if (remoting.IsShutDown) return false;
            replaced = NotePeer(connection.PeerUid);
            _writer = connection;
            _state = State.Active;
        }

        Replace(replaced);
        remoting.Events.Publish(new AssociatedEvent(remoting.DefaultAddress, Remote, inbound: false));
        return true;
    }

    private void FailedToConnect(Exception cause)
    {
        lock (_lock)
        {
            if (_state != State.Connecting) return;
            Gate();
        }

        remoting.Events.Publish(new AssociationErrorEvent(cause, remoting.DefaultAddress, Remote, inbound: false, LogLevel.ErrorLevel));
        LogGated(cause.Message);
        DropQueue();
    }

    private void Gate()
    {
        _state = State.Gated;
        var closed = remoting.Provider.RemoteSettings.RetryGateClosedFor;
        _gateOpensAt = Environment.TickCount64 + (long)closed.TotalMilliseconds;
        if (HasSystemMessages && !remoting.IsShutDown) remoting.System.Scheduler.Advanced.ScheduleOnce(closed, RetrySystemMessages);
    }

    private void LogGated(string reason) => remoting.Log.Warning(
        "Association with remote system [{0}] has failed; address is now gated for [{1}] ms. Reason: [{2}]",
        Remote, (long)remoting.Provider.RemoteSettings.RetryGateClosedFor.TotalMilliseconds, reason);

    /// <summary>The peer has connected and said who it is. Waits until its older connection has been read to the end.</summary>
    /// <returns>Whether we write on this connection.</returns>
    public async ValueTask<bool> AcceptAsync(Connection connection)
    {
        var older = await ReadOnlyFromAsync(connection).ConfigureAwait(false);
        Connection[] replaced;
        bool answers;
        lock (_lock)
        {
            _connections.Add(connection);
            replaced = NotePeer(connection.PeerUid);
            if (_writer is { } writer && (ReferenceEquals(writer, older) || replaced.Contains(writer))) _writer = null;
            var unused = _state is State.Idle or State.Gated || (_state == State.Active && _writer is null);
            answers = unused && remoting.Provider.RemoteSettings.UsePassiveConnections;
            if (answers)
            {
                _writer = connection;
                _state = State.Active;
            }
            else if (unused)
            {
                _state = State.Idle;          // the peer is there: no need to keep the gate shut
            }
        }

        Replace(replaced);
        remoting.Events.Publish(new AssociatedEvent(remoting.DefaultAddress, Remote, inbound: true));
        return answers;
    }

    private static void Replace(Connection[] connections)
    {
        foreach (var connection in connections) connection.Abort(new RemoteTransportException("The peer has been started anew."));
    }

    private async ValueTask<Connection> ReadOnlyFromAsync(Connection connection)
    {
        Connection older;
        lock (_lock)
        {
            older = _reader;
            _reader = connection;
        }

        if (older is null) return null;
        older.Abort(new RemoteTransportException("The peer has opened a newer connection."));
        await older.ReadEnded.ConfigureAwait(false);
        return older;
    }

    /// <summary>Both loops of a connection have ended.</summary>
    public void Ended(Connection connection, Exception cause, bool goodbye)
    {
        bool wasWriter;
        lock (_lock)
        {
            _connections.Remove(connection);
            if (ReferenceEquals(_reader, connection)) _reader = null;
            wasWriter = ReferenceEquals(_writer, connection);
            if (wasWriter)
            {
                _writer = null;
                Gate();
            }
        }

        if (cause is ProtocolException) remoting.Events.Publish(new AssociationErrorEvent(cause, remoting.DefaultAddress, Remote, connection.IsInbound, LogLevel.ErrorLevel));
        remoting.Events.Publish(new DisassociatedEvent(remoting.DefaultAddress, Remote, connection.IsInbound));
        remoting.ForgetUnused(this);
        if (!wasWriter) return;
        if (goodbye) LogGated("The remote system has shut down");
        else if (!remoting.IsShutDown) LogGated(cause?.Message ?? "Disassociated");
        DropQueue();
    }

    private void DropQueue()
    {
        while (TryTake(out var message)) ToDeadLetters(message);
    }

    private void ToDeadLetters(in Outbound message) => remoting.System.DeadLetters.Tell(message.Message, message.Sender);

    public Connection[] Connections
    {
        get
        {
            lock (_lock) return [.. _connections];
        }
    }
}

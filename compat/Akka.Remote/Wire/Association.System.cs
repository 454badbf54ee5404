using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote.Wire;

// System messages (watch, unwatch, their answers, stop) must not be lost while the peer's incarnation lives: they are numbered, kept
// until acknowledged and sent again on the next connection. The receiver takes each number once, in order.
internal sealed partial class Association
{
    private readonly List<(long Number, Outbound Message)> _unacknowledged = [];
    private long _lastSystemNumber;
    private long _lastSystemReceived;
    private long _oldestSystemAt;
    private int _peerUid;

    private bool HasSystemMessages => _unacknowledged.Count > 0;

    public long LastSystemReceived => Volatile.Read(ref _lastSystemReceived);

    /// <summary>The incarnation last met; 0 for none.</summary>
    public int PeerUid => Volatile.Read(ref _peerUid);

    public void SendSystem(SystemMessage message, RemoteActorRef recipient)
    {
        if (message is not (Watch or Unwatch or DeathWatchNotification or Terminate))
        {
            // Supervision is local: nothing that is deployed here supervises there. A number must not be spent on what is never sent.
            remoting.Log.Error("System message [{0}] to [{1}] does not cross nodes and is dropped", message.GetType(), recipient);
            return;
        }

        int? quarantined = null;
        lock (_lock)
        {
            if (_unacknowledged.Count == 0) _oldestSystemAt = Environment.TickCount64;
            _unacknowledged.Add((++_lastSystemNumber, new Outbound(message, ActorRefs.NoSender, recipient)));
            if (_unacknowledged.Count > remoting.Provider.RemoteSettings.SysMsgBufferSize) quarantined = _peerUid;
        }

        if (quarantined is { } uid)
        {
            remoting.Log.Error("More than {0} system messages wait for an acknowledgement of [{1}]; it is quarantined", remoting.Provider.RemoteSettings.SysMsgBufferSize, Remote);
            remoting.Quarantine(Remote, uid);
            return;
        }

        if (_state is State.Idle or State.Gated) TryConnect();
        _writer?.Wake();
    }

    /// <summary>The first not yet sent on a connection whose last was <paramref name="after"/>.</summary>
    public bool TryTakeSystem(long after, out long number, out Outbound message)
    {
        (number, message) = (0, default);
        if (_unacknowledged.Count == 0) return false;   // unlocked: a writer that misses one is woken for it
        lock (_lock)
        {
            if (_unacknowledged.Count == 0) return false;
            var index = (int)Math.Max(0, after + 1 - _unacknowledged[0].Number);
            if (index >= _unacknowledged.Count) return false;
            (number, message) = _unacknowledged[index];
            return true;
        }
    }

    public void AcknowledgeSystem(long number)
    {
        lock (_lock)
        {
            _unacknowledged.RemoveAll(kept => kept.Number <= number);
            _oldestSystemAt = Environment.TickCount64;
        }
    }

    /// <returns>Whether it is the next; one that came before is not taken again.</returns>
    /// <exception cref="ProtocolException">One is missing before it.</exception>
    public bool AcceptsSystemMessage(long number)
    {
        var last = _lastSystemReceived;
        if (number <= last) return false;
        if (number != last + 1) throw new ProtocolException($"System message {number} after {last}.");
        Volatile.Write(ref _lastSystemReceived, number);
        return true;
    }

    // Under the lock. Returns connections to another incarnation, to be ended.
    private Connection[] NotePeer(int uid)
    {
        if (_peerUid == uid) return [];
        // What was meant for the old incarnation means nothing to the new one. Messages kept before any was met are for this one.
        if (_peerUid != 0) ForgetSystemMessages();
        Volatile.Write(ref _peerUid, uid);
        Volatile.Write(ref _lastSystemReceived, 0);
        return [.. _connections.Where(c => c.PeerUid != uid)];
    }

    private void ForgetSystemMessages()
    {
        _unacknowledged.Clear();
        _lastSystemNumber = 0;
    }

    private void RetrySystemMessages()
    {
        TimeSpan waited;
        bool givenUp;
        lock (_lock)
        {
            if (!HasSystemMessages) return;
            waited = TimeSpan.FromMilliseconds(Environment.TickCount64 - _oldestSystemAt);
            givenUp = waited > remoting.Provider.RemoteSettings.InitialSysMsgDeliveryTimeout;
            // A peer never met has taken none of them; one that was met may have, and then no number may be left out.
            if (givenUp && _peerUid == 0) ForgetSystemMessages();
        }

        if (!givenUp)
        {
            TryConnect();
            return;
        }

        remoting.Log.Warning("Delivery of system messages to [{0}] was given up after {1}", Remote, waited);
        if (PeerUid != 0) remoting.Quarantine(Remote, PeerUid);
    }

    /// <summary>Gives an incarnation up: closes its connections and forgets what was for it. Without a uid: closes the gate.</summary>
    public void Quarantine(int? uid)
    {
        Connection[] closing;
        lock (_lock)
        {
            closing = [.. _connections.Where(c => uid is null || c.PeerUid == uid)];
            if (uid is not null && uid == _peerUid) ForgetSystemMessages();
            if (_writer is { } writer && closing.Contains(writer)) _writer = null;
            if (_writer is null && _state is State.Idle or State.Active) Gate();
        }

        DropQueue();
        foreach (var connection in closing)
        {
            if (uid is null) connection.Abort(new RemoteTransportException("Disassociated by this side."));
            else _ = SayQuarantinedAsync(connection);
        }
    }

    // The peer should hear why, but one that has fallen silent hears nothing and must not be waited for.
    private async Task SayQuarantinedAsync(Connection connection)
    {
        connection.CloseAfterFlush(quarantined: true);
        await Task.WhenAny(Task.WhenAll(connection.WriteEnded, connection.ReadEnded), Task.Delay(remoting.Provider.RemoteSettings.FlushWait)).ConfigureAwait(false);
        connection.Abort(new RemoteTransportException("Quarantined by this side."));
    }
}

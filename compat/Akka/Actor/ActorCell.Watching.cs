using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

public partial class ActorCell
{
    // All null until first used: most actors watch nobody.
    private Dictionary<IActorRef, object> _watching;         // value: the message to send instead of Terminated, or null
    private HashSet<IActorRef> _watchedBy;
    private HashSet<IActorRef> _terminatedQueued;            // a Terminated waits in the mailbox and is still wanted
    private bool _subscribed;
    private bool _hearsOfNodes;
    private TimeSpan? _receiveTimeout;
    private Cancelable _receiveTimeoutTimer;

    internal void NoteSubscription() => _subscribed = true;

    /// <inheritdoc/>
    public IActorRef Watch(IActorRef subject)
    {
        AddWatch(subject, null);
        return subject;
    }

    /// <inheritdoc/>
    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        AddWatch(subject, message);
        return subject;
    }

    private void AddWatch(IActorRef subject, object message)
    {
        var watchee = (IInternalActorRef)subject;
        if (watchee.Equals(_self)) return;
        _watching ??= [];
        if (_watching.TryGetValue(watchee, out var existing))
        {
            if (!Equals(existing, message))
                throw new InvalidOperationException($"Watch({_self}, {watchee}) termination message was not overwritten from [{existing ?? "<Terminated>"}] to [{message ?? "<Terminated>"}]. If this was intended, unwatch first before using `Watch` / `WatchWith` with another message.");
            return;
        }

        _watching.Add(watchee, message);
        if (!watchee.IsLocal) HearOfNodes();
        watchee.SendSystemMessage(new Watch(watchee, _self));
    }

    /// <inheritdoc/>
    public IActorRef Unwatch(IActorRef subject)
    {
        var watchee = (IInternalActorRef)subject;
        if (watchee.Equals(_self)) return subject;
        if (_watching is not null && _watching.Remove(watchee)) watchee.SendSystemMessage(new Unwatch(watchee, _self));
        _terminatedQueued?.Remove(watchee);
        return subject;
    }

    private void UnwatchAll()
    {
        if (_watching is null) return;
        var watching = _watching;
        _watching = null;
        _terminatedQueued = null;
        foreach (var subject in watching.Keys)
            ((IInternalActorRef)subject).SendSystemMessage(new Unwatch((IInternalActorRef)subject, _self));
    }

    private void ReceivedTerminated(Terminated terminated)
    {
        if (_terminatedQueued is not null && _terminatedQueued.Remove(terminated.ActorRef)) ReceiveMessage(terminated);
    }

    private void WatchedActorTerminated(IActorRef actor, bool existenceConfirmed, bool addressTerminated)
    {
        var watched = AsWatched(actor);
        if (_watching is not null && _watching.Remove(watched, out var message) && !_terminating && !_terminated)
        {
            if (message is null)
            {
                (_terminatedQueued ??= []).Add(watched);
                _self.Tell(new Terminated(watched, existenceConfirmed, addressTerminated), watched);
            }
            else
            {
                _self.Tell(message, watched);
            }
        }

        HandleChildTerminated(actor);
    }

    // Another node names the incarnation that stopped; it may have been watched by a path that names none.
    private IActorRef AsWatched(IActorRef actor)
    {
        if (_watching is null || actor.Path.Uid == 0 || _watching.ContainsKey(actor) || actor is IActorRefScope { IsLocal: true }) return actor;
        return _watching.Keys.FirstOrDefault(key => key.Path.Uid == 0 && key.Path.Equals(actor.Path)) ?? actor;
    }

    private void TellWatchersWeDied()
    {
        if (_watchedBy is null) return;
        var watchers = _watchedBy;
        _watchedBy = null;
        foreach (var watcher in watchers)
            ((IInternalActorRef)watcher).SendSystemMessage(new DeathWatchNotification(_self, true, false));
    }

    private void AddWatcher(Watch watch)
    {
        if (!watch.Watchee.Equals(_self) || watch.Watcher.Equals(_self)) return;
        (_watchedBy ??= []).Add(watch.Watcher);
        if (!watch.Watcher.IsLocal) HearOfNodes();
    }

    // Once something crosses nodes, and until the actor stops: a subscription costs nothing while no node is given up.
    private void HearOfNodes()
    {
        if (_hearsOfNodes) return;
        _hearsOfNodes = true;
        AddressTerminatedTopic.Get(_system).Subscribe(_self);
    }

    private void ForgetNodes()
    {
        if (_hearsOfNodes) AddressTerminatedTopic.Get(_system).Unsubscribe(_self);
    }

    private void NodeTerminated(Address address)
    {
        _watchedBy?.RemoveWhere(watcher => watcher.Path.Address.Equals(address));
        if (_watching is null) return;
        foreach (var watchee in _watching.Keys.Where(watchee => watchee.Path.Address.Equals(address)).ToArray())
            _self.SendSystemMessage(new DeathWatchNotification(watchee, existenceConfirmed: false, addressTerminated: true));
    }

    private void RemoveWatcher(Unwatch unwatch)
    {
        if (unwatch.Watchee.Equals(_self)) _watchedBy?.Remove(unwatch.Watcher);
    }

    /// <summary>How long without a message until <see cref="Actor.ReceiveTimeout"/>; null for never.</summary>
    public TimeSpan? ReceiveTimeout => _receiveTimeout;

    /// <summary>Sets or, with null, clears the receive timeout.</summary>
    public void SetReceiveTimeout(TimeSpan? timeout = null)
    {
        if (timeout is { } given && given <= TimeSpan.Zero) timeout = null;
        _receiveTimeout = timeout;
        if (timeout is null) CancelReceiveTimeout();
    }

    private void CheckReceiveTimeout(bool reschedule)
    {
        if (_receiveTimeout is not { } timeout || _terminated || _awaiting) return;
        if (!reschedule && _receiveTimeoutTimer is { IsCancellationRequested: false }) return;
        CancelReceiveTimeout();
        _receiveTimeoutTimer = new Cancelable(_system.Scheduler);
        _system.Scheduler.ScheduleTellOnce(timeout, _self, Akka.Actor.ReceiveTimeout.Instance, _self, _receiveTimeoutTimer);
    }

    private void CancelReceiveTimeout()
    {
        _receiveTimeoutTimer?.Cancel();
        _receiveTimeoutTimer = null;
    }
}

using System.Runtime.ExceptionServices;
using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

// The life of an actor that fails:
//   handler throws ─► suspend self and children, tell the parent (Failed)
//   parent decides ─► Resume | Recreate | Terminate to the child, or fails itself (escalate)
//   Recreate       ─► PreRestart, wait for children that PreRestart stopped, new instance, PostRestart
//   Terminate      ─► stop children, wait for them, PostStop, tell parent and watchers
public partial class ActorCell
{
    private enum WaitingFor
    {
        Nothing,
        Recreation,
        Creation,
        Termination,
    }

    private WaitingFor _waitingFor;
    private Exception _recreationCause;
    private ActorBase _failedActor;
    private IActorRef _failedBy;

    private bool IsFailed => _failedBy is not null;

    private void HandleInvokeFailure(Exception cause, SystemMessage during = null)
    {
        if (cause is global::System.Reflection.TargetInvocationException { InnerException: { } inner }) cause = inner;
        if (IsFailed || _terminated) return;
        try
        {
            _mailbox.SuspendOnce();
            IActorRef notToSuspend = null;
            if (during is Failed failed)
            {
                _failedBy = failed.Child;
                notToSuspend = failed.Child;
            }
            else
            {
                _failedBy = _self;
            }

            foreach (var stats in ChildStats())
                if (notToSuspend is null || !stats.Child.Equals(notToSuspend)) stats.Child.Suspend();
            _parent.SendSystemMessage(new Failed(_self, cause, _self.Path.Uid));
        }
        catch (Exception second)
        {
            Publish(new Error(second, _self.Path.ToString(), TypeOfActor, "Emergency stop: exception in failure handling for " + cause));
            StopChildren();
            FinishTerminate();
        }
    }

    private Type TypeOfActor => _actor?.GetType() ?? _props.Type;

    private void HandleFailed(Failed failed)
    {
        var stats = StatsOf(failed.Child);
        if (stats is null || stats.Child.Path.Uid != failed.Uid) return;   // an old incarnation, or not our child any more
        var strategy = _actor is null ? SupervisorStrategy.DefaultStrategy : _actor.Strategy;
        if (!strategy.HandleFailure(this, failed.Child, failed.Cause, stats, ChildStats()))
            ExceptionDispatchInfo.Throw(failed.Cause);
    }

    private void FaultSuspend()
    {
        _mailbox.SuspendOnce();
        foreach (var stats in ChildStats()) stats.Child.Suspend();
    }

    private void FaultResume(Exception causedByFailure)
    {
        if (_actor is null)
        {
            FaultCreate();
            return;
        }

        _mailbox.ResumeOnce();
        var perpetrator = _failedBy;
        if (causedByFailure is not null) _failedBy = null;
        ForgetCurrentMessage();
        foreach (var stats in ChildStats()) stats.Child.Resume(perpetrator is not null && stats.Child.Equals(perpetrator) ? causedByFailure : null);
    }

    private void FaultRecreate(Exception cause)
    {
        if (_actor is null)
        {
            FaultCreate();
            return;
        }

        if (_waitingFor != WaitingFor.Nothing)
        {
            FaultResume(null);   // a restart is under way already
            return;
        }

        var failed = _actor;
        if (_system.Settings.DebugLifecycle) Publish(new Debug(_self.Path.ToString(), failed.GetType(), "Restarting"));
        try
        {
            failed.AroundPreRestart(cause, _currentMessage);
            (failed as IActorStash)?.Stash?.UnstashAll();
        }
        catch (Exception e)
        {
            var wrapped = new PreRestartException(_self, e, cause, _currentMessage);
            Publish(new Error(wrapped, _self.Path.ToString(), failed.GetType(), e.Message));
        }
        finally
        {
            ReleaseActor(failed);
            _receiveTimeout = null;
            CancelReceiveTimeout();
            _awaiting = false;
            _currentMessage = null;
            _sender = null;
        }

        _recreationCause = cause;
        _failedActor = failed;
        if (!WaitForDyingChildren(WaitingFor.Recreation)) FinishRecreate();
    }

    private void FinishRecreate()
    {
        var cause = _recreationCause;
        var failed = _failedActor;
        _recreationCause = null;
        _failedActor = null;
        var survivors = ChildStats();
        try
        {
            if (_awaitSuspended)
            {
                _awaitSuspended = false;
                _mailbox.ResumeOnce();
            }

            _mailbox.ResumeOnce();
            _failedBy = null;
            var fresh = NewActor();
            _actor = fresh;
            fresh.AroundPostRestart(cause, null);
            if (_system.Settings.DebugLifecycle) Publish(new Debug(_self.Path.ToString(), fresh.GetType(), "Restarted (" + fresh + ")"));
            foreach (var stats in survivors) stats.Child.Restart(cause);
        }
        catch (Exception e)
        {
            if (ReferenceEquals(_actor, failed)) _actor = null;
            if (e is global::System.Reflection.TargetInvocationException { InnerException: { } inner }) e = inner;
            foreach (var stats in survivors) stats.Child.Suspend();
            HandleInvokeFailure(new PostRestartException(_self, e, cause));
        }
    }

    // The first instance could not be made and the parent said to try again.
    private void FaultCreate()
    {
        CancelReceiveTimeout();
        _receiveTimeout = null;
        StopChildren();
        if (!WaitForDyingChildren(WaitingFor.Creation)) FinishCreate();
    }

    private void FinishCreate()
    {
        try
        {
            _mailbox.ResumeOnce();
        }
        finally
        {
            _failedBy = null;
        }

        try
        {
            CreateActor(null);
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause);
        }
    }

    private void StopChildren()
    {
        foreach (var stats in ChildStats())
        {
            stats.Dying = true;
            stats.Child.Stop();
        }
    }

    private bool WaitForDyingChildren(WaitingFor what)
    {
        foreach (var stats in ChildStats())
        {
            if (!stats.Dying) continue;
            _waitingFor = what;
            return true;
        }

        return false;
    }

    private void Terminate()
    {
        if (_terminated) return;
        lock (_childrenLock) _terminating = true;
        CancelReceiveTimeout();
        _receiveTimeout = null;
        UnwatchAll();
        StopChildren();
        if (HasChildren)
        {
            if (_waitingFor == WaitingFor.Termination) return;
            _waitingFor = WaitingFor.Termination;
            _mailbox.SuspendOnce();   // no ordinary messages any more
            _failedBy = _self;        // and no more failures to report
            return;
        }

        FinishTerminate();
    }

    private void FinishTerminate()
    {
        var actor = _actor;
        try
        {
            actor?.AroundPostStop();
            (actor as IActorStash)?.Stash?.UnstashAll();   // what it put aside becomes dead letters with the rest
        }
        catch (Exception e)
        {
            Publish(new Error(e, _self.Path.ToString(), TypeOfActor, e.Message));
        }
        finally
        {
            _terminated = true;
            if (actor is not null) ReleaseActor(actor);
            _dispatcher.Detach(this);
            ForgetNodes();
            if (_subscribed) _system.EventStream.Unsubscribe(_self);
            _parent.SendSystemMessage(new DeathWatchNotification(_self, true, false));
            TellWatchersWeDied();
            UnwatchAll();
            if (_system.Settings.DebugLifecycle) Publish(new Debug(_self.Path.ToString(), TypeOfActor, "Stopped"));
            _actor = null;
            _failedActor = null;
            _behavior = null;
            _behaviorsBelow = null;
            _taskScheduler = null;
            _currentMessage = null;
            _sender = null;
            lock (_childrenLock) _children = null;
        }
    }

    private void HandleChildTerminated(IActorRef child)
    {
        ChildRestartStats stats;
        lock (_childrenLock)
        {
            if (_children is null || !_children.TryGetValue(child.Path.Name, out stats) || stats is null || !stats.Child.Equals(child)) return;
            _children.Remove(child.Path.Name);
        }

        if (_waitingFor != WaitingFor.Termination) _actor?.Strategy.HandleChildTerminated(this, child, GetChildren());
        switch (_waitingFor)
        {
            case WaitingFor.Termination:
                if (!HasChildren) FinishTerminate();
                break;
            case WaitingFor.Recreation:
                if (ChildStats().Exists(static s => s.Dying)) break;
                _waitingFor = WaitingFor.Nothing;
                FinishRecreate();
                break;
            case WaitingFor.Creation:
                if (ChildStats().Exists(static s => s.Dying)) break;
                _waitingFor = WaitingFor.Nothing;
                FinishCreate();
                break;
        }
    }
}

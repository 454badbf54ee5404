using Akka.Event;

namespace Akka.Cluster;

/// <summary>Callbacks for the day this node comes up and the day it goes. Each runs once, whenever it was registered.</summary>
internal sealed class MemberCallbacks(ILoggingAdapter log)
{
    private readonly Lock _lock = new();
    private List<Action> _onUp = [];
    private List<Action> _onRemoved = [];
    private bool _up;
    private bool _removed;

    internal void OnUp(Action callback)
    {
        lock (_lock)
        {
            if (!_up)
            {
                _onUp.Add(callback);
                return;
            }
        }

        Run("OnMemberUp", callback);
    }

    internal void OnRemoved(Action callback)
    {
        lock (_lock)
        {
            if (!_removed)
            {
                _onRemoved.Add(callback);
                return;
            }
        }

        Run("OnMemberRemoved", callback);
    }

    internal void FireUp()
    {
        List<Action> callbacks;
        lock (_lock) (callbacks, _onUp, _up) = (_onUp, [], true);
        foreach (var callback in callbacks) Run("OnMemberUp", callback);
    }

    internal void FireRemoved()
    {
        List<Action> callbacks;
        lock (_lock) (callbacks, _onRemoved, _removed) = (_onRemoved, [], true);
        foreach (var callback in callbacks) Run("OnMemberRemoved", callback);
    }

    private void Run(string what, Action callback)
    {
        try
        {
            callback();
        }
        catch (Exception e)
        {
            log.Error(e, "[{0}] callback failed with [{1}]", what, e.Message);
        }
    }
}

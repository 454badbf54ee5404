using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;

namespace Kv.Compat.Tests.ClusterCore;

/// <summary>Hears all events of a cluster, keeps them in order, and folds them into a view that tests can wait on.</summary>
public sealed class ClusterRecorder
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<(Func<View, bool> Condition, TaskCompletionSource Met)> _waiting = [];
    private View _view = View.Empty;

    internal ClusterRecorder(ActorSystem system)
    {
        var actor = system.ActorOf(Props.Create(() => new Listener(this)));
        Cluster.Get(system).Subscribe(actor, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IClusterDomainEvent));
    }

    internal View Now
    {
        get
        {
            lock (_lock) return _view;
        }
    }

    /// <summary>Waits until the view meets a condition.</summary>
    internal async Task Until(Func<View, bool> condition)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (condition(_view)) return;
            _waiting.Add((condition, met));
        }

        try
        {
            await met.Task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Not met within {Limit}. Events: {string.Join("; ", Now.Events)}");
        }
    }

    /// <summary>Waits for an event and hands it back.</summary>
    internal async Task<T> Event<T>(Func<T, bool>? condition = null)
    {
        await Until(view => view.Events.OfType<T>().Any(e => condition?.Invoke(e) ?? true));
        return Now.Events.OfType<T>().First(e => condition?.Invoke(e) ?? true);
    }

    /// <summary>What happened to one member, in order: the short names of its events.</summary>
    internal string[] Life(UniqueAddress node) =>
        [.. Now.Events.OfType<ClusterEvent.IMemberEvent>().Where(e => e.Member.UniqueAddress == node).Select(static e => e.GetType().Name)];

    private void Hear(object message)
    {
        lock (_lock)
        {
            _view = _view.After(message);
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (!_waiting[i].Condition(_view)) continue;
                _waiting[i].Met.TrySetResult();
                _waiting.RemoveAt(i);
            }
        }
    }

    internal sealed record View(
        ImmutableDictionary<UniqueAddress, MemberStatus> Members,
        ImmutableHashSet<UniqueAddress> Unreachable,
        Address? Leader,
        ImmutableList<object> Events)
    {
        internal static readonly View Empty = new(ImmutableDictionary<UniqueAddress, MemberStatus>.Empty, [], null, []);

        internal View After(object message)
        {
            var view = this with { Events = Events.Add(message) };
            return message switch
            {
                ClusterEvent.MemberRemoved e => view with { Members = Members.Remove(e.Member.UniqueAddress), Unreachable = Unreachable.Remove(e.Member.UniqueAddress) },
                ClusterEvent.IMemberEvent e => view with { Members = Members.SetItem(e.Member.UniqueAddress, e.Member.Status) },
                ClusterEvent.UnreachableMember e => view with { Unreachable = Unreachable.Add(e.Member.UniqueAddress) },
                ClusterEvent.ReachableMember e => view with { Unreachable = Unreachable.Remove(e.Member.UniqueAddress) },
                ClusterEvent.LeaderChanged e => view with { Leader = e.Leader },
                _ => view,
            };
        }
    }

    private sealed class Listener : ReceiveActor
    {
        public Listener(ClusterRecorder recorder) => ReceiveAny(recorder.Hear);
    }
}

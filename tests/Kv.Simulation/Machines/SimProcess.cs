using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Dispatch;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Raft;

namespace Kv.Simulation.Machines;

/// <summary>One run of a node on a machine: from its start until it stops or is killed. What it still wants to do then never happens.</summary>
/// <remarks>
/// Everything the node does is a turn in <see cref="Ready"/> or a thing on the world's timeline that becomes one. Which of the
/// turns that are ready comes next is drawn, so that actors overtake each other as they would on threads. They are drawn by who came
/// first into being, not by who got ready first: the package stops an actor's children in the order of their names' hashes, which is
/// another one in every run. A paused process keeps its turns.
/// </remarks>
internal sealed class SimProcess
{
    private static readonly ConcurrentDictionary<string, SimProcess> _running = new();
    private static long _ids;

    private readonly List<(long Key, object Turn)> _ready = [];   // by key
    private readonly Dictionary<object, long> _keys = new(ReferenceEqualityComparer.Instance);
    private long _nextKey;
    private readonly Dictionary<long, Action> _whenGone = [];
    private long _callers;
    private readonly Prng _random;

    public SimProcess(SimMachine machine, Prng random)
    {
        Machine = machine;
        DiskFailures = machine.Disk.Failures;
        _random = random;
        Id = Interlocked.Increment(ref _ids).ToString(System.Globalization.CultureInfo.InvariantCulture);
        _running[Id] = this;
    }

    /// <summary>Names it in its configuration, so that what Akka makes by type name finds it.</summary>
    public string Id { get; }

    /// <summary>Where it runs.</summary>
    public SimMachine Machine { get; }

    /// <summary>The node, once it has started.</summary>
    public KvNode? Node { get; set; }

    /// <summary>The node's actor system, once there is one.</summary>
    public ExtendedActorSystem? Actors { get; set; }

    /// <summary>The node's Raft, once it has started: judges look at it, nobody changes it.</summary>
    public RaftCore? Raft { get; set; }

    /// <summary>Whether it has stopped or was killed.</summary>
    public bool IsGone { get; private set; }

    /// <summary>What had failed on its disk when it began.</summary>
    public long DiskFailures { get; }

    /// <summary>Whether it was held up, by a pause or by its disk: it may have lost patience with itself.</summary>
    public bool WasHeldUp { get; set; }

    /// <summary>Whether it was told to end.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Whether all its actors have ended.</summary>
#pragma warning disable CS0618                                // Akka would have it watched, but outside the system there is no actor left to watch the last one
    public bool HasStopped => Actors is { LookupRoot.IsTerminated: true };
#pragma warning restore CS0618

    /// <summary>Whether there is something to do now.</summary>
    public bool Ready => _ready.Count > 0 && !Machine.IsPaused;

    /// <summary>The running process of an id.</summary>
    public static SimProcess Of(string id) =>
        _running.TryGetValue(id, out var process) ? process : throw new InvalidOperationException($"no simulated process {id} is running");

    /// <summary>A turn of an actor.</summary>
    public void Queue(IRunnable turn) => Queue(turn, turn);

    /// <summary>A turn of an actor, in the clothes that <paramref name="actor"/>'s dispatcher gives it.</summary>
    public void Queue(IRunnable actor, object turn)
    {
        if (IsGone || IsElsewhere) return;
        if (!_keys.TryGetValue(actor, out var key)) _keys.Add(actor, key = ++_nextKey);
        Insert(key, turn);
    }

    /// <summary>A turn of anything else.</summary>
    public void Queue(Action turn)
    {
        if (!IsGone && !IsElsewhere) Insert(++_nextKey, turn);
    }

    /// <summary>Runs one of the turns that are ready.</summary>
    public void RunOne()
    {
        var at = _ready.Count == 1 ? 0 : _random.NextInt(_ready.Count);
        var turn = _ready[at].Turn;
        _ready.RemoveAt(at);
        Machine.World.Happened(Happening.Turn, Machine.Number, at, _ready.Count);
        if (turn is IRunnable runnable) runnable.Run();
        else ((Action)turn)();
    }

    private void Insert(long key, object turn)
    {
        var at = _ready.Count;
        while (at > 0 && _ready[at - 1].Key > key) at--;
        _ready.Insert(at, (key, turn));
    }

    /// <summary>Makes a turn of something later, unless the process is gone by then.</summary>
    public Timeline.Scheduled After(TimeSpan delay, Happening what, Action action) => Machine.World.Timeline.After(delay, () =>
    {
        if (IsGone) return;
        Machine.World.Happened(what, Machine.Number, 0, 0);
        Queue(action);
    });

    /// <summary>Calls when it is gone: connections break.</summary>
    /// <returns>For <see cref="NoLonger"/>.</returns>
    public long WhenGone(Action action)
    {
        _whenGone.Add(++_callers, action);
        return _callers;
    }

    /// <summary>Does not call any more.</summary>
    public void NoLonger(long caller) => _whenGone.Remove(caller);

    /// <summary>The last of an actor system's end comes from the pool, and nothing of it belongs to the history.</summary>
    private bool IsElsewhere => Environment.CurrentManagedThreadId != Machine.World.ThreadId;

    /// <summary>It is no more.</summary>
    public void End()
    {
        if (IsGone) return;
        IsGone = true;
        _running.TryRemove(Id, out _);
        _ready.Clear();
        _keys.Clear();
        (Node, Actors, Raft) = (null, null, null);
        var gone = _whenGone.Values.ToArray();         // removals leave holes that are filled again: the same in every run
        _whenGone.Clear();
        foreach (var action in gone) action();
    }
}

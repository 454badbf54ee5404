using System.Runtime.ExceptionServices;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Simulation.Clients;
using Kv.Simulation.Faults;
using Kv.Simulation.Judges;
using Kv.Simulation.Machines;
using Kv.Testing.History;

namespace Kv.Simulation;

/// <summary>One seed from the first start to the last judgement: start, trouble while clients work, recovery, and what must hold then.</summary>
internal sealed class SimRun
{
    private static readonly TimeSpan _startUp = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _recovery = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _between = TimeSpan.FromMilliseconds(5);

    private readonly SimWorld _world;
    private readonly Prng _random;
    private readonly StepJudge _judge;
    private readonly HistoryRecorder _history;
    private readonly Trouble _trouble;
    private readonly List<KvCalls> _callers = [];
    private readonly List<WatchClient> _watchers = [];
    private readonly List<LeaseClient> _lessees = [];
    private readonly List<Task> _working = [];
    private readonly List<Task> _watching = [];
    private BackupClient? _backups;
    private bool _workEnds;
    private bool _watchEnds;

    private SimRun(ulong seed, SimPlan plan, Trace? trace)
    {
        _random = new Prng(seed);
        var setup = SimSetup.Draw(seed, plan, _random);
        if (trace is not null) setup = setup with { LogLevel = "INFO" };
        _world = new SimWorld(setup, _random, trace);
        trace?.Write(setup.ToString());
        _judge = new StepJudge();
        _world.Judge = _judge;
        _history = new HistoryRecorder(new WorldClock(_world));
        _trouble = new Trouble(_world, plan.Faults, _random.Fork());
    }

    /// <summary>Runs a seed.</summary>
    /// <param name="seed">Where all chance comes from.</param>
    /// <param name="plan">How many members, how long, which faults.</param>
    /// <param name="trace">Gets a readable line for each thing of note; null where nobody reads.</param>
    /// <exception cref="JudgedException">Something that must not be has been found. The message says how to see it again.</exception>
    public static SimReport Run(ulong seed, SimPlan plan, Trace? trace = null)
    {
        SimReport? report = null;
        ExceptionDispatchInfo? failure = null;

        // A thread of its own: without a synchronization context or a task scheduler every continuation stays on it.
        var thread = new Thread(() =>
        {
            try
            {
                report = new SimRun(seed, plan, trace).Run();
            }
#pragma warning disable CA1031 // carried over to the caller's thread as it is
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }, 16 << 20);
        thread.Start();
        thread.Join();
        failure?.Throw();
        return report!;
    }

    private SimReport Run()
    {
        try
        {
            Start();
            _trouble.Begin();
            Advance(() => false, _world.Setup.Plan.Trouble);
            Recover();
            Judge();
        }
        catch (JudgedException e)
        {
            throw new JudgedException($"{e.Message}\n{Where()}", e);
        }

        return new SimReport(
            _world.Setup.Seed, _world.Fingerprint.Value, _world.Fingerprint.Events, new TimeSpan(_world.Timeline.Now),
            _callers.Sum(static c => c.Answers), _history.Count, _world.Links.Counts.Sent, _backups!.Taken, _trouble.Counts);
    }

    private void Start()
    {
        _world.Setup.Plan.Plant?.Invoke(_world);
        foreach (var machine in _world.Machines) machine.Start();
        if (!Advance(AllServe, _startUp)) throw new JudgedException($"not all members serve after {_startUp}");
        var number = 0;
        for (var i = 0; i < 3; i++) _working.Add(new KeyClient(Caller()).RunAsync(() => _workEnds));
        var lessee = new LeaseClient(Caller());
        _lessees.Add(lessee);
        _working.Add(lessee.RunAsync(() => _workEnds));
        _working.Add(new AdminClient(Caller()).RunAsync(() => _workEnds));
        _backups = new BackupClient(new SimCaller(_world, ++number, _random.Fork()), _judge);
        _working.Add(_backups.RunAsync(() => _workEnds));
        foreach (var (key, end) in (ReadOnlySpan<(string, string)>)[("key/", "key0"), ("\0", "\0")])
        {
            var watcher = new WatchClient(new SimCaller(_world, ++number, _random.Fork()), _history, key, end, prevKv: _random.NextBool(0.5));
            _watchers.Add(watcher);
            _watching.Add(watcher.RunAsync(() => _watchEnds));
        }

        KvCalls Caller()
        {
            var calls = new KvCalls(new SimCaller(_world, ++number, _random.Fork()), _history);
            _callers.Add(calls);
            return calls;
        }
    }

    /// <summary>The faults end. The cluster must serve, answer whoever still waits, end the leases nobody keeps, and bring all members and watchers up to date.</summary>
    private void Recover()
    {
        _trouble.End();
        _workEnds = true;
        _world.Trace?.Write("the faults end, clients finish");
        Must(() => AllServe() && _working.TrueForAll(static task => task.IsCompleted), "does not serve and answer");
        Must(() => Running().All(static node => node.Roots.Current.Leases.Count == 0), "does not end leases that nobody keeps");
        Must(() => Same(static root => root.AppliedIndex) && Same(static root => (ulong)root.Kv.CurrentRevision), "does not bring its members to one index");
        var last = Running().First().Roots.Current.Kv.CurrentRevision;
        _world.Trace?.Write($"all members are at revision {last}");
        Must(() => _watchers.TrueForAll(watcher => watcher.Reached >= last), $"does not bring its watchers to revision {last}");
        _watchEnds = true;
    }

    private void Judge()
    {
        var leader = Running().First().Roots.Current;
        var judged = new RunHistory
        {
            Operations = _history.Operations(),
            Watches = [.. _watchers.Select(static watcher => watcher.Log)],
            Leases = [.. _lessees.SelectMany(static lessee => lessee.Leases)],
            Members = [.. _world.Machines.Where(m => m.Process?.Node is not null && _world.IsMember(m)).Select(State)],
            WatchersCaughtUp = true,
            CompactedTo = _world.CompactedTo,
            LeasesEndedBy = _history.Mark(),
            LeaseGrace = TimeSpan.FromMinutes(10),
        }.Judge();
        if (!judged.Ok) throw new JudgedException(judged.ToString());

        MemberState State(SimMachine machine)
        {
            var root = machine.Process!.Node!.Roots.Current;
            return new MemberState(
                $"n{machine.Number}", root.Kv.CurrentRevision, [.. StateOf.Keys(root.Kv).Select(KvMessages.Of)], leader.Kv.CurrentRevision, 0, StateOf.Root(root));
        }
    }

    private void Must(Func<bool> so, string otherwise)
    {
        // A question to all members is not for every event.
        var next = _world.Timeline.Now;
        bool Asked()
        {
            if (_world.Timeline.Now < next) return false;
            next = _world.Timeline.Now + _between.Ticks;
            return so();
        }

        if (!Advance(Asked, _recovery)) throw new JudgedException($"within {_recovery} after the last fault the cluster {otherwise}");
    }

    private bool Advance(Func<bool> done, TimeSpan span) => _world.RunUntil(
        () =>
        {
            ThrowOf(_working);
            ThrowOf(_watching);
            return done();
        },
        span);

    private static void ThrowOf(List<Task> tasks)
    {
        foreach (var task in tasks)
        {
            if (task.IsFaulted) ExceptionDispatchInfo.Throw(task.Exception.InnerException!);
        }
    }

    private bool AllServe() => _world.Machines.All(machine =>
        _world.Members.Count == 0 ? machine.IsServing || !machine.IsUsed : _world.MemberOn(machine) is null || (machine.IsServing && _world.IsMember(machine)));

    private IEnumerable<Actors.Node.KvNode> Running() => _world.Machines.Where(_world.IsMember).Select(static machine => machine.Process?.Node).OfType<Actors.Node.KvNode>();

    private bool Same(Func<StoreRoot, ulong> of) => Running().Select(node => of(node.Roots.Current)).Distinct().Count() == 1;

    private string Where()
    {
        var exits = string.Concat(_world.Machines.Where(static m => m.LastExit is not null).Select(static m => $"\n  n{m.Number} last exited by itself: {m.LastExit}"));
        return $"seed {_world.Setup.Seed} at {_world.Timeline.Now / 1e7:F6} s of {_world.Setup}{exits}\n"
            + $"  see it again: dotnet run -c Release --project tests/Kv.Simulation -- replay {_world.Setup.Seed}{_world.Setup.Plan.Arguments}";
    }

    private sealed class WorldClock(SimWorld world) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => world.Timeline.Now;
    }
}

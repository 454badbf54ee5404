using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Makes <see cref="CoordinatedShutdown"/>.</summary>
public sealed class CoordinatedShutdownExtension : ExtensionIdProvider<CoordinatedShutdown>
{
    /// <inheritdoc/>
    public override CoordinatedShutdown CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>Stops a system in phases. Tasks of one phase run together; phases in the order of <c>depends-on</c>; a phase that takes too long or fails is left behind.</summary>
public sealed class CoordinatedShutdown : IExtension
{
    /// <summary>First of all.</summary>
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";

    /// <summary>Take no new connections.</summary>
    public const string PhaseServiceUnbind = "service-unbind";

    /// <summary>Finish requests.</summary>
    public const string PhaseServiceRequestsDone = "service-requests-done";

    /// <summary>Close connections.</summary>
    public const string PhaseServiceStop = "service-stop";

    /// <summary>Before the cluster is left.</summary>
    public const string PhaseBeforeClusterShutdown = "before-cluster-shutdown";

    /// <summary>Hand shards over.</summary>
    public const string PhaseClusterShardingShutdownRegion = "cluster-sharding-shutdown-region";

    /// <summary>Leave.</summary>
    public const string PhaseClusterLeave = "cluster-leave";

    /// <summary>Singletons move.</summary>
    public const string PhaseClusterExiting = "cluster-exiting";

    /// <summary>They have.</summary>
    public const string PhaseClusterExitingDone = "cluster-exiting-done";

    /// <summary>The cluster part stops.</summary>
    public const string PhaseClusterShutdown = "cluster-shutdown";

    /// <summary>Before the actors stop.</summary>
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";

    /// <summary>The actors stop.</summary>
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Phase> _phases;
    private readonly List<string> _order;
    private readonly Dictionary<string, List<(string Name, Func<Task<Done>> Task)>> _tasks = [];
    private readonly ILoggingAdapter _log;
    private readonly TaskCompletionSource<Done> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Reason _reason;

    internal CoordinatedShutdown(ExtendedActorSystem system)
    {
        System = system;
        _log = Logging.GetLogger(system, GetType());
        var config = system.Settings.Config.GetConfig("akka.coordinated-shutdown");
        if (config.IsNullOrEmpty()) throw ConfigurationException.NullOrEmptyConfig<CoordinatedShutdown>("akka.coordinated-shutdown");
        _phases = ReadPhases(config);
        _order = Sort(_phases);
        var terminate = system.Settings.CoordinatedShutdownTerminateActorSystem;
        var exit = config.GetBoolean("exit-clr");
        if (terminate || exit) AddTask(PhaseActorSystemTerminate, "terminate-system", () => TerminateSystem(terminate, exit, config.GetInt("exit-code")));
        if (config.GetBoolean("run-by-clr-shutdown-hook")) HookProcessExit();
    }

    /// <summary>The system.</summary>
    public ExtendedActorSystem System { get; }

    /// <summary>Why it stops; null while it runs.</summary>
    public Reason ShutdownReason => Volatile.Read(ref _reason);

    /// <summary>The phases' limits together.</summary>
    public TimeSpan TotalTimeout => _tasks.Keys.Aggregate(TimeSpan.Zero, (sum, phase) => sum + Timeout(phase));

    /// <summary>The system's one.</summary>
    public static CoordinatedShutdown Get(ActorSystem sys) => sys.WithExtension<CoordinatedShutdown, CoordinatedShutdownExtension>();

    /// <summary>The limit of a phase.</summary>
    /// <exception cref="ConfigurationException">There is no such phase.</exception>
    public TimeSpan Timeout(string phase) => Known(phase).Timeout;

    /// <summary>Adds a task to a phase; tasks may add tasks to later phases.</summary>
    /// <exception cref="ArgumentException">There is no such phase.</exception>
    public void AddTask(string phase, string taskName, Func<Task<Done>> task)
    {
        ArgumentException.ThrowIfNullOrEmpty(taskName);
        Known(phase);
        lock (_lock)
        {
            if (!_tasks.TryGetValue(phase, out var tasks)) _tasks.Add(phase, tasks = []);
            tasks.Add((taskName, task));
        }
    }

    /// <summary>Runs the phases, from <paramref name="fromPhase"/> or the first; a second call gets the task of the first.</summary>
    public Task<Done> Run(Reason reason, string fromPhase = null)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (fromPhase is not null) Known(fromPhase);
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null) _ = RunPhases(fromPhase);
        return _done.Task;
    }

    private async Task RunPhases(string fromPhase)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            foreach (var phase in fromPhase is null ? _order : _order[_order.IndexOf(fromPhase)..])
                await RunPhase(phase).ConfigureAwait(false);
            _done.TrySetResult(Done.Instance);
        }
        catch (Exception e)
        {
            _done.TrySetException(e);
        }
    }

    private async Task RunPhase(string name)
    {
        var phase = _phases[name];
        (string Name, Func<Task<Done>> Task)[] tasks;
        lock (_lock) tasks = _tasks.TryGetValue(name, out var list) ? [.. list] : [];
        if (tasks.Length == 0 || !phase.Enabled) return;
        _log.Debug("Performing phase [{0}] with [{1}] tasks: [{2}]", name, tasks.Length, string.Join(",", tasks.Select(static t => t.Name)));
        var all = Task.WhenAll(tasks.Select(t => RunTask(t.Name, name, t.Task, phase.Recover)));
        var limit = phase.Timeout;
        if (await Task.WhenAny(all, Task.Delay(limit)).ConfigureAwait(false) == all)
        {
            await all.ConfigureAwait(false);
            return;
        }

        if (!phase.Recover) throw new TimeoutException($"Coordinated shutdown phase [{name}] timed out after {limit}");
        _log.Warning("Coordinated shutdown phase [{0}] timed out after {1}", name, limit);
    }

    private async Task RunTask(string name, string phase, Func<Task<Done>> task, bool recover)
    {
        try
        {
            await task().ConfigureAwait(false);
        }
        catch (Exception e) when (recover)
        {
            _log.Warning("Task [{0}] failed in phase [{1}]: {2}", name, phase, e.Message);
        }
    }

    private async Task<Done> TerminateSystem(bool terminate, bool exit, int exitCode)
    {
        if (terminate) await ((Internal.ActorSystemImpl)System).StopGuardian().ConfigureAwait(false);
        if (exit) Environment.Exit(exitCode);
        return Done.Instance;
    }

    private void HookProcessExit()
    {
        var weak = new WeakReference<CoordinatedShutdown>(this);
        EventHandler hook = (_, _) =>
        {
            if (weak.TryGetTarget(out var self) && !self.System.WhenTerminated.IsCompleted)
                self.Run(ClrExitReason.Instance).Wait(self.TotalTimeout);
        };
        AppDomain.CurrentDomain.ProcessExit += hook;
        System.RegisterOnTermination(() => AppDomain.CurrentDomain.ProcessExit -= hook);
    }

    private Phase Known(string phase) => _phases.TryGetValue(phase, out var known)
        ? known
        : throw new ConfigurationException($"Unknown phase [{phase}], known phases [{string.Join(",", _phases.Keys)}]. All phases (along with their optional dependencies) must be defined in configuration.");

    private static Dictionary<string, Phase> ReadPhases(Config config)
    {
        var standard = config.GetTimeSpan("default-phase-timeout", TimeSpan.FromSeconds(5));
        var phases = new Dictionary<string, Phase>();
        foreach (var (name, value) in config.GetConfig("phases").AsEnumerable())
        {
            var phase = value.ToConfig();
            phases[name] = new Phase(
                [.. phase.GetStringList("depends-on")],
                phase.GetTimeSpan("timeout", standard),
                phase.GetBoolean("recover", true),
                phase.GetBoolean("enabled", true));
        }

        return phases;
    }

    private static List<string> Sort(Dictionary<string, Phase> phases)
    {
        var order = new List<string>();
        var open = new HashSet<string>();
        foreach (var name in phases.Keys) Visit(name);
        return order;

        void Visit(string name)
        {
            if (order.Contains(name)) return;
            if (!open.Add(name)) throw new ArgumentException($"Cycle detected in graph of phases. It must be a DAG. phase [{name}] depends transitively on itself.");
            if (phases.TryGetValue(name, out var phase))
                foreach (var before in phase.DependsOn) Visit(before);
            open.Remove(name);
            if (phases.ContainsKey(name)) order.Add(name);
        }
    }

    private sealed record Phase(string[] DependsOn, TimeSpan Timeout, bool Recover, bool Enabled);

    /// <summary>Why a system stops; derive your own.</summary>
    public class Reason
    {
        /// <summary>For those below.</summary>
        protected Reason()
        {
        }
    }

    /// <summary>Not known.</summary>
    public class UnknownReason : Reason
    {
        private UnknownReason()
        {
        }

        /// <summary>The only instance.</summary>
        public static readonly Reason Instance = new UnknownReason();
    }

    /// <summary>Somebody called <see cref="ActorSystem.Terminate"/>.</summary>
    public class ActorSystemTerminateReason : Reason
    {
        private ActorSystemTerminateReason()
        {
        }

        /// <summary>The only instance.</summary>
        public static readonly Reason Instance = new ActorSystemTerminateReason();
    }

    /// <summary>The process ends.</summary>
    public class ClrExitReason : Reason
    {
        private ClrExitReason()
        {
        }

        /// <summary>The only instance.</summary>
        public static readonly Reason Instance = new ClrExitReason();
    }

    /// <summary>The cluster took this node for dead.</summary>
    public class ClusterDowningReason : Reason
    {
        private ClusterDowningReason()
        {
        }

        /// <summary>The only instance.</summary>
        public static readonly Reason Instance = new ClusterDowningReason();
    }

    /// <summary>This node found no seed to join.</summary>
    public class ClusterJoinUnsuccessfulReason : Reason
    {
        private ClusterJoinUnsuccessfulReason()
        {
        }

        /// <summary>The only instance.</summary>
        public static readonly Reason Instance = new ClusterJoinUnsuccessfulReason();
    }

    /// <summary>This node leaves the cluster.</summary>
    public class ClusterLeavingReason : Reason
    {
        private ClusterLeavingReason()
        {
        }

        /// <summary>The only instance.</summary>
        public static readonly Reason Instance = new ClusterLeavingReason();
    }
}

using System.Diagnostics;
using Kv.Chaos.Clients;
using Kv.Chaos.Faults;
using Kv.Chaos.Servers;
using Kv.Testing.History;

namespace Kv.Chaos;

/// <summary>One time of faults under load, then healing, then judgement.</summary>
/// <param name="options">Seed and time of this round.</param>
/// <param name="cluster">Goes on from one round to the next.</param>
/// <param name="initial">What it holds.</param>
/// <param name="late">Writes of earlier rounds whose fate is still unknown.</param>
internal sealed class ChaosRound(ChaosOptions options, ChaosCluster cluster, KvState initial, IReadOnlyList<Operation> late)
{
    private static readonly TimeSpan s_convergence = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_progress = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_leaseGrace = TimeSpan.FromSeconds(40);

    private readonly HistoryRecorder _history = new(TimeProvider.System);
    private readonly List<Violation> _found = [];
    private readonly List<string> _events = [];
    private RunHistory? _run;

    /// <summary>Writes that may still happen after this round.</summary>
    public IReadOnlyList<Operation> StillUnknown { get; private set; } = [];

    /// <summary>The whole history, for people.</summary>
    public IEnumerable<string> Lines()
    {
        lock (_events)
        {
            return [.. _events.Select(static e => $"# {e}"), .. (_run?.Operations ?? _history.Operations()).Select(static o => o.ToString()),
                .. (_run?.Leases ?? []).SelectMany(static l => l.Calls, static (l, c) => $"lease {l.Id:x} {c}"),
                .. (_run?.Watches ?? []).SelectMany(static w => w.Sessions, static (w, s) => (w, s)).SelectMany(static x => x.s.Batches,
                    static (x, b) => $"watch {x.w.Name} {x.s.Connection} from {x.s.Start} [{b.At}] header {b.HeaderRevision}: {string.Join(", ", b.Events)}")];
        }
    }

    /// <summary>Runs it.</summary>
    public async Task<RoundReport> RunAsync(CancellationToken cancellation)
    {
        using var faults = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var watching = new CancellationTokenSource();
        var context = new ClientContext(cluster, options.Kind, _history, options.Pace, faults.Token);
        if (!await ServesAsync(context))
        {
            return Report(context, null, [], new Dictionary<string, int>(), 0, [], 0);
        }
        context.Saw(initial.Revision);
        var termBefore = await TermAsync();

        Watcher[] watchers =
        [
            .. Enumerable.Range(0, 3).Select(i => new Watcher(context, Log($"watch-all-{i}", "\0", "\0"), Seed($"watch-all-{i}"))),
            new Watcher(context, Log("watch-one", KvWorker.Key(0), null), Seed("watch-one")),
            new Watcher(context, Log("watch-late", "\0", "\0"), Seed("watch-late"), lagging: true),
        ];
        var holders = Enumerable.Range(0, 3).Select(i => new LeaseHolder(context, $"holder-{i}", Seed($"holder-{i}"))).ToArray();
        var compactor = new Compactor(context, watchers[..4], Seed("compactor"));
        var nemesis = new Nemesis(cluster, new FaultPlan(Seed("faults"), cluster.Fillable is not null), Seed("nemesis"), Event);
        var watches = watchers.Select(w => w.RunAsync(watching.Token)).ToArray();
        Task[] clients =
        [
            .. Enumerable.Range(0, options.Workers).Select(i => new KvWorker(context, $"c{i}", Seed($"c{i}")).RunAsync()),
            .. holders.Select(static h => h.RunAsync()),
            compactor.RunAsync(),
        ];
        var breaking = options.Faults ? nemesis.RunAsync(faults.Token) : Task.Delay(Timeout.Infinite, faults.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        await ProgressAsync(faults, Task.WhenAny([.. clients, .. watches, breaking]));
        await breaking;
        await Task.WhenAll(clients);

        var leases = holders.SelectMany(static h => h.Leases).ToArray();
        var (members, leasesEnded, caughtUp) = await HealAsync(context, watchers);
        await watching.CancelAsync();
        await Task.WhenAll(watches);

        _found.AddRange(nemesis.Complaints.Select(static c => new Violation("stop", c)));
        _found.AddRange(cluster.Members.SelectMany(static m => m.UnexpectedEnds.Select(e => new Violation("member ended", $"{e}\n{m.LogTail(15)}"))));
        _run = new RunHistory
        {
            Operations = [.. late, .. _history.Operations()],
            Watches = [.. watchers.Select(static w => w.Log)],
            Leases = leases,
            Members = members,
            Initial = initial,
            WatchersCaughtUp = caughtUp,
            LeasesEndedBy = leasesEnded,
            LeaseGrace = s_leaseGrace,
        };
        return Report(context, _run, watchers, nemesis.Done, compactor.Done, leases, await TermAsync() - termBefore);
    }

    private int Seed(string client) => ClientSeed.Of(options.Seed, client);

    private WatchLog Log(string name, string key, string? end)
    {
        var log = new WatchLog(name, key, end, prevKv: true);
        log.StartAt(initial.Revision + 1);
        return log;
    }

    private async Task ProgressAsync(CancellationTokenSource faults, Task<Task> anyEnds)
    {
        var clock = Stopwatch.StartNew();
        while (!faults.IsCancellationRequested && clock.Elapsed < options.Time)
        {
            var left = options.Time - clock.Elapsed + TimeSpan.FromMilliseconds(1);
            await Task.WhenAny(Task.Delay(left < s_progress ? left : s_progress, faults.Token), anyEnds);
            if (anyEnds.IsCompleted)
            {
                await faults.CancelAsync();
                await await anyEnds;                               // the harness itself failed
            }
            options.Log($"  {clock.Elapsed.TotalSeconds:F0}s: {_history.Count} requests");
        }
        await faults.CancelAsync();
    }

    /// <summary>Waits until each member answers a linearizable read.</summary>
    private async Task<bool> ServesAsync(ClientContext context)
    {
        var clock = Stopwatch.StartNew();
        foreach (var member in cluster.Members)
        {
            using var client = new MemberClient("check", member);
            while (true)
            {
                var read = await client.DoAsync(_history, new KvRequest.Range("k", "l"), ClientContext.Patience);
                if (read.Fate == Fate.Known)
                {
                    break;
                }
                if (clock.Elapsed > s_convergence)
                {
                    _found.Add(new Violation("no service", $"{member.Name} serves no read {s_convergence.TotalSeconds}s after all was well: {read.Note}\n{cluster.LogTails(15)}"));
                    return false;
                }
                await ClientContext.RestAsync(Random.Shared, TimeSpan.FromMilliseconds(200), CancellationToken.None);
            }
        }
        return true;
    }

    /// <summary>Everything runs again: lets leases end, watchers catch up, members become equal; reads all there is, from each.</summary>
    private async Task<(IReadOnlyList<MemberState> Members, Moment? LeasesEnded, bool CaughtUp)> HealAsync(ClientContext context, Watcher[] watchers)
    {
        await cluster.ReviveAsync();
        if (!await ServesAsync(context))
        {
            return ([], null, false);
        }
        using var client = new MemberClient("auditor", cluster.Members[0]);
        var leasesGone = await UntilAsync(s_leaseGrace + TimeSpan.FromSeconds(5), async () =>
            (await client.DoAsync(_history, new KvRequest.Range("l", "m"), ClientContext.Patience)).Answer is KvAnswer.Range { Count: 0 });
        var leasesEnded = _history.Mark();
        Event(leasesGone ? "all leases have ended" : "leases are left over");

        var last = initial.Revision;
        foreach (var key in KvWorker.AllKeys)
        {
            var put = await client.DoAsync(_history, new KvRequest.Put(key, "the end"), ClientContext.Patience);
            last = Math.Max(last, put.Answer?.Revision ?? 0);
        }
        var lastOfFirst = last - KvWorker.AllKeys.Count() + 1;      // what the watcher of one key waits for: put first
        var caughtUp = await UntilAsync(s_convergence, () => Task.FromResult(watchers.All(w => w.Next > (w.Log.End is null ? lastOfFirst : last))));
        if (!caughtUp)
        {
            _found.Add(new Violation("watch complete", $"{s_convergence.TotalSeconds}s after all was well, watchers still wait: "
                + string.Join(", ", watchers.Select(w => $"{w.Log.Name} for {w.Next}")) + $"; the last revision is {last}"));
        }
        var reader = new MemberReader(context, _history);
        var members = new List<MemberState>();
        var equal = await UntilAsync(s_convergence, async () =>
        {
            members = await reader.ReadAsync();
            return members.Count == cluster.Members.Count && members.Select(static m => m.Revision).Distinct().Count() == 1;
        });
        if (!equal)
        {
            _found.Add(new Violation("member state", $"members did not become equal within {s_convergence.TotalSeconds}s: {string.Join(", ", members.Select(static m => $"{m.Member} at {m.Revision}"))}"));
        }
        return (members, leasesEnded, caughtUp);
    }

    private static async Task<bool> UntilAsync(TimeSpan patience, Func<Task<bool>> done)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < patience;)
        {
            if (await done())
            {
                return true;
            }
            await ClientContext.RestAsync(Random.Shared, TimeSpan.FromMilliseconds(200), CancellationToken.None);
        }
        return await done();
    }

    private async Task<ulong> TermAsync() => (await MemberStatus.AskAllAsync(cluster.Members)).Select(static s => s.Term).DefaultIfEmpty(0UL).Max();

    private void Event(string text)
    {
        var line = $"{_history.Mark()} {text}";
        lock (_events)
        {
            _events.Add(line);
        }
        options.Log("  " + line);
    }

    private RoundReport Report(
        ClientContext context, RunHistory? run, Watcher[] watchers, IReadOnlyDictionary<string, int> faults, int compactions, LeaseLog[] leases, ulong terms)
    {
        var clock = Stopwatch.StartNew();
        var judgement = run?.Judge();
        clock.Stop();
        var operations = run?.Operations ?? _history.Operations();
        Operation[] happened = [.. judgement?.Order.Order.Where(static o => o.Fate == Fate.Unknown) ?? []];
        var set = new HashSet<object>(happened, ReferenceEqualityComparer.Instance);
        StillUnknown = [.. operations.Where(o => o.Fate == Fate.Unknown && o.Request.MayWrite && !set.Contains(o))
            .Select(static o => o with { Call = new Moment(0, TimeSpan.Zero), Client = "earlier round" })];
        return new RoundReport
        {
            Seed = options.Seed,
            Time = options.Time,
            Violations = [.. _found, .. judgement?.Violations ?? []],
            Faults = faults,
            Revisions = judgement?.Writes?.Last ?? context.Highest,
            Known = operations.Count(static o => o.Fate == Fate.Known),
            Failed = operations.Count(static o => o.Fate == Fate.Failed),
            Unknown = operations.Count(static o => o.Fate == Fate.Unknown),
            UnknownThatHappened = happened.Count(static o => o.Request is not KvRequest.Revoke { Expired: true }),
            Events = watchers.Sum(static w => w.Log.Events.Count()),
            WatchSessions = watchers.Sum(static w => w.Log.Sessions.Count),
            CompactedWatches = watchers.Sum(static w => w.Log.Sessions.Count(static s => s.CompactRevision > 0)),
            Leases = leases.Length,
            LeasesExpired = happened.Count(static o => o.Request is KvRequest.Revoke { Expired: true }),
            Compactions = compactions,
            Terms = terms,
            LongestOutage = LongestOutage(operations),
            JudgeTime = clock.Elapsed,
            JudgeSteps = judgement?.Order.Steps ?? 0,
            Final = judgement?.Writes?.Final,
        };
    }

    private static (TimeSpan Time, TimeSpan Until) LongestOutage(IEnumerable<Operation> operations)
    {
        var (longest, last) = ((Time: TimeSpan.Zero, Until: TimeSpan.Zero), (TimeSpan?)null);
        foreach (var at in operations.Where(static o => o is { Fate: Fate.Known, Answer.Changed: true }).Select(static o => o.Return.At).Order())
        {
            longest = last is { } before && at - before > longest.Time ? (at - before, at) : longest;
            last = at;
        }
        return longest;
    }
}

using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Chaos.Clients;
using Kv.Chaos.Servers;

namespace Kv.Chaos.Faults;

/// <summary>Carries out the plan, one fault after the other, sometimes two at once; everything is healed when it ends.</summary>
/// <param name="cluster">Its victims.</param>
/// <param name="plan">What to do.</param>
/// <param name="seed">Decides among equals.</param>
/// <param name="log">What was done and when.</param>
internal sealed class Nemesis(ChaosCluster cluster, FaultPlan plan, int seed, Action<string> log)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Random _random = new(seed);
    private readonly SortedDictionary<string, int> _done = new(StringComparer.Ordinal);
    private readonly List<string> _complaints = [];

    /// <summary>How often each kind struck.</summary>
    public IReadOnlyDictionary<string, int> Done => _done;

    /// <summary>What a fault must not have brought about.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>Works until cancelled; then heals and ends.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var overlapping = Task.CompletedTask;
        while (!cancellation.IsCancellationRequested)
        {
            var next = plan.Next();
            var strike = StrikeAsync(next, cancellation);
            if (next.Overlaps)
            {
                overlapping = strike;
                await PauseAsync(TimeSpan.FromSeconds(1), cancellation);
                continue;
            }
            await strike;
            await overlapping;
            overlapping = Task.CompletedTask;
            await PauseAsync(next.Rest, cancellation);
        }
        await overlapping;
    }

    private async Task StrikeAsync(PlannedFault planned, CancellationToken cancellation)
    {
        var fault = planned.Fault;
        var victim = await ChooseAsync(fault);
        _done[fault.Kind] = _done.GetValueOrDefault(fault.Kind) + 1;
        log($"{fault.Kind}{(victim is null ? "" : $" ({victim.Name})")} for {planned.Lasts.TotalSeconds:F1}s");
        switch (fault)
        {
            case Fault.Kill:
                await victim!.KillAsync();
                await PauseAsync(planned.Lasts, cancellation);
                await victim.StartAsync();
                break;
            case Fault.KillAll:
                await Task.WhenAll(cluster.Members.Select(static m => m.KillAsync()));
                await PauseAsync(planned.Lasts / 2, cancellation);
                await Task.WhenAll(cluster.Members.Select(static m => m.StartAsync()));
                break;
            case Fault.Pause:
                victim!.Pause();
                await PauseAsync(planned.Lasts, cancellation);
                victim.Resume();
                break;
            case Fault.Restart:
                if (!await victim!.StopAsync(s_patience))
                {
                    _complaints.Add($"{victim.Name} did not end within {s_patience.TotalSeconds}s of SIGTERM");
                }
                await victim.StartAsync();
                break;
            case Fault.MoveLeader:
                await MoveLeaderAsync();
                break;
            case Fault.FillDisk:
                await FillDiskAsync(planned.Lasts, cancellation);
                break;
            case Fault.Flap:
                for (var left = planned.Lasts; left > TimeSpan.Zero && !cancellation.IsCancellationRequested; left -= TimeSpan.FromSeconds(1))
                {
                    await WhileAsync(cluster.Links.Of(victim!.Name).Select(static l => l.Hold()), TimeSpan.FromMilliseconds(500), cancellation);
                    await PauseAsync(TimeSpan.FromMilliseconds(500), cancellation);
                }
                break;
            default:
                await WhileAsync(Cut(fault, victim), planned.Lasts, cancellation);
                break;
        }
        log($"healed: {fault.Kind}{(victim is null ? "" : $" ({victim.Name})")}");
    }

    private IEnumerable<IDisposable> Cut(Fault fault, MemberProcess? victim)
    {
        var others = cluster.Members.Where(m => m != victim).Select(static m => m.Name).ToArray();
        return fault switch
        {
            Fault.Isolate { Reset: true } => cluster.Links.Of(victim!.Name).Select(static l => l.Refuse()),
            Fault.Isolate => cluster.Links.Of(victim!.Name).Select(static l => l.Hold()),
            Fault.CutLink when others[_random.Next(others.Length)] is var other => [cluster.Links[victim!.Name, other].Hold(), cluster.Links[other, victim.Name].Hold()],
            Fault.Mute => others.Select(o => cluster.Links[victim!.Name, o].Hold()),
            Fault.Deafen => others.Select(o => cluster.Links[o, victim!.Name].Hold()),
            Fault.SlowLinks slow => cluster.Links.All.Select(l => l.Slow(TimeSpan.FromMilliseconds(slow.Milliseconds))),
            _ => throw new ArgumentOutOfRangeException(nameof(fault)),
        };
    }

    private async Task FillDiskAsync(TimeSpan lasts, CancellationToken cancellation)
    {
        var (member, disk) = cluster.Fillable ?? throw new InvalidOperationException("there is no disk to fill");
        member.ExpectEnd();
        disk.Fill();
        await PauseAsync(lasts, cancellation);
        disk.Free();
        await member.KillAsync();                                  // it may have ended; what it does on a full disk is known, so begin anew
        await member.StartAsync();
    }

    private async Task MoveLeaderAsync()
    {
        var all = await MemberStatus.AskAllAsync(cluster.Members);
        if (all.FirstOrDefault(static s => s.Id == s.Leader) is not { } leader || all.Where(s => s.Id != leader.Id).ToArray() is not { Length: > 0 } others)
        {
            return;                                                // nobody to ask, or nobody to hand over to
        }
        using var client = new MemberClient("nemesis", leader.Member);
        try
        {
            await client.Maintenance.MoveLeaderAsync(
                new MoveLeaderRequest { TargetID = others[_random.Next(others.Length)].Id }, new CallOptions(deadline: DateTime.UtcNow + ClientContext.Patience));
        }
        catch (RpcException refused)
        {
            log($"leader did not move: {MemberClient.Text(refused)}");
        }
    }

    private async Task<MemberProcess?> ChooseAsync(Fault fault)
    {
        Target? target = fault switch
        {
            Fault.Kill f => f.Target,
            Fault.Pause f => f.Target,
            Fault.Restart f => f.Target,
            Fault.Isolate f => f.Target,
            Fault.CutLink f => f.Target,
            Fault.Mute f => f.Target,
            Fault.Deafen f => f.Target,
            Fault.Flap f => f.Target,
            _ => null,
        };
        if (target is null)
        {
            return null;
        }
        var leader = target == Target.Any ? null : await MemberStatus.LeaderAsync(cluster.Members);
        MemberProcess[] candidates = (target, leader) switch
        {
            (Target.Leader, not null) => [leader],
            (Target.Follower, not null) => [.. cluster.Members.Where(m => m != leader)],
            _ => [.. cluster.Members],
        };
        return candidates[_random.Next(candidates.Length)];
    }

    private static async Task WhileAsync(IEnumerable<IDisposable> cuts, TimeSpan lasts, CancellationToken cancellation)
    {
        IDisposable[] all = [.. cuts];
        await PauseAsync(lasts, cancellation);
        foreach (var cut in all)
        {
            cut.Dispose();
        }
    }

    /// <summary>Waits, less when the run ends: what was begun is healed all the same.</summary>
    private static async Task PauseAsync(TimeSpan time, CancellationToken cancellation)
    {
        if (!cancellation.IsCancellationRequested && time > TimeSpan.Zero)
        {
            await Task.WhenAny(Task.Delay(time, cancellation));
        }
    }
}

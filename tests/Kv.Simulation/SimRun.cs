using System.Runtime.ExceptionServices;
using Kv.Actors.Model;
using Kv.Simulation.Clients;
using Kv.Simulation.Faults;

namespace Kv.Simulation;

/// <summary>What a run came to.</summary>
/// <param name="Seed">Of which seed.</param>
/// <param name="Hash">Of everything that happened, in order.</param>
/// <param name="Events">How much that was.</param>
/// <param name="Simulated">Virtual time passed.</param>
/// <param name="Answers">Client calls that were answered.</param>
/// <param name="Faults">Faults by kind.</param>
internal sealed record SimReport(ulong Seed, ulong Hash, long Events, TimeSpan Simulated, int Answers, IReadOnlyDictionary<string, int> Faults);

/// <summary>One seed from the first start to the last judgement.</summary>
internal static class SimRun
{
    private static readonly TimeSpan _startUp = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _trouble = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _recovery = TimeSpan.FromSeconds(60);

    /// <summary>Runs a seed: start, trouble while clients work, recovery, and what must hold then.</summary>
    /// <exception cref="JudgedException">Something that must not be has been found. The message says how to see it again.</exception>
    public static SimReport Run(ulong seed, int members, Trace? trace = null)
    {
        SimReport? report = null;
        ExceptionDispatchInfo? failure = null;

        // A thread of its own: without a synchronization context or a task scheduler every continuation stays on it.
        var thread = new Thread(() =>
        {
            try
            {
                report = RunHere(seed, members, trace);
            }
#pragma warning disable CA1031 // carried over to the caller's thread as it is
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }, 4 << 20);
        thread.Start();
        thread.Join();
        failure?.Throw();
        return report!;
    }

    private static SimReport RunHere(ulong seed, int members, Trace? trace)
    {
        var random = new Prng(seed);
        var setup = SimSetup.Draw(seed, members, random);
        if (trace is not null) setup = setup with { LogLevel = "INFO" };
        var world = new SimWorld(setup, random, trace);
        trace?.Write(setup.ToString());
        foreach (var machine in world.Machines) machine.Start();
        if (!world.RunUntil(() => world.Machines.All(static machine => machine.IsServing), _startUp))
            throw Judged(world, $"not all members serve after {_startUp}");

        var clients = Enumerable.Range(1, 3).Select(number => new CounterClient(new SimCaller(world, number, random.Fork()), 300)).ToList();
        var working = clients.ConvertAll(static client => client.RunAsync());
        world.Judge(() =>
        {
            foreach (var client in working)
            {
                if (client.IsFaulted) ExceptionDispatchInfo.Throw(client.Exception.InnerException!);
            }
        });
        var trouble = new Trouble(world, random.Fork());
        trouble.Begin();
        try
        {
            world.Run(_trouble);
            trouble.End();
            if (!world.RunUntil(() => world.Machines.All(static machine => machine.IsServing) && working.TrueForAll(static client => client.IsCompleted), _recovery))
                throw Judged(world, $"the cluster does not serve {_recovery} after the last fault");
        }
        catch (JudgedException e)
        {
            throw Judged(world, e.Message, e);
        }

        return new SimReport(seed, world.Fingerprint.Value, world.Fingerprint.Events, new TimeSpan(world.Timeline.Now), clients.Sum(static c => c.Answers), trouble.Counts);
    }

    private static JudgedException Judged(SimWorld world, string what, Exception? inner = null)
    {
        var exits = string.Join("; ", world.Machines.Where(static m => m.LastExit is not null).Select(static m => $"n{m.Number} last exited because {m.LastExit}"));
        return new JudgedException(
            $"seed {world.Setup.Seed}: {what} (at {world.Timeline.Now / 1e7:F6} s; {exits}). See it again: dotnet run -c Release --project tests/Kv.Simulation -- replay {world.Setup.Seed} --members {world.Setup.Members}", inner!);
    }
}

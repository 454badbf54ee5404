using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Clients;

/// <summary>A client's computer: carries calls to members and answers back, each way in its own time, as long as there is a way.</summary>
internal sealed class SimCaller(SimWorld world, int number, Prng random)
{
    private long _calls;

    public SimWorld World => world;

    /// <summary>From 1.</summary>
    public int Number => number;

    public Prng Random => random;

    /// <summary>A member drawn anew: clients know the addresses of all that are used.</summary>
    public SimMachine AnyMember()
    {
        var used = world.Used;
        return used[random.NextInt(used.Count)];
    }

    /// <summary>Waits in virtual time.</summary>
    public Task Sleep(TimeSpan span)
    {
        var done = new TaskCompletionSource();
        world.Timeline.After(span, done.SetResult);
        return done.Task;
    }

    /// <summary>Calls a member.</summary>
    /// <param name="to">The member's machine.</param>
    /// <param name="call">The node's method, called in a turn of its process.</param>
    /// <param name="timeout">How long the client waits.</param>
    public Task<Reply<T>> Call<T>(SimMachine to, Func<KvNode, Task<T>> call, TimeSpan timeout)
    {
        var id = ++_calls;
        var done = new TaskCompletionSource<Reply<T>>();
        world.Happened(Happening.Ask, number, id, to.Number);
        var start = to.Starts;              // whoever starts meanwhile does not know this connection
        Timeline.Scheduled? alarm = null;
        alarm = world.Timeline.After(timeout, () => End(default, Ending.Unknown));
        world.Timeline.After(Latency(), () =>
        {
            if (!world.Links.ClientReaches(to)) return;
            if (to.Process is not { IsGone: false, Node: { } node } process || to.Starts != start)
            {
                Back(default, Ending.Refused);
                return;
            }

            var broken = process.WhenGone(() => Back(default, Ending.Unknown));
            process.Queue(() => { _ = Carry(process, node, broken); });
        });
        return done.Task;

        async Task Carry(SimProcess process, KvNode node, long broken)
        {
            T answer;
            try
            {
                answer = await call(node);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException or IOException)
            {
                process.NoLonger(broken);
                Back(default, Ending.Unknown);
                return;
            }

            process.NoLonger(broken);
            Back(answer, Ending.Answered);
        }

        void Back(T? answer, Ending how) => world.Timeline.After(Latency(), () =>
        {
            if (how != Ending.Answered || world.Links.ClientReaches(to)) End(answer, how);
        });

        void End(T? answer, Ending how)
        {
            if (done.Task.IsCompleted) return;
            alarm?.Cancel();
            world.Happened(Happening.Answer, number, id, (long)how);
            done.SetResult(new Reply<T>(how, answer));
        }
    }

    private TimeSpan Latency() => TimeSpan.FromMicroseconds(random.NextInt(50, 400));
}

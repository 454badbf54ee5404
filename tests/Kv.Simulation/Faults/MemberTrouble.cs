using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Faults;

/// <summary>What operators do to a cluster: leadership is handed over, and at most once in a run a member of three is removed for good.</summary>
internal sealed class MemberTrouble(SimWorld world, Prng random, Action<string, int> count)
{
    private bool _removed;

    /// <summary>Whoever leads is told to hand over to a machine's member.</summary>
    public void Transfer(SimMachine machine)
    {
        if (machine.Process?.Node is not { } target) return;
        foreach (var leader in world.Machines)
        {
            if (leader.Process is not { Node: { } node } process || !node.Status.Raft.IsLeader || leader == machine) continue;
            count("leader transfer", leader.Number);
            process.Queue(() => Begin(() => node.TransferLeaderAsync(target.Status.Self, CancellationToken.None)));
        }
    }

    /// <summary>A member is removed, through any member.</summary>
    public void Remove(SimMachine machine)
    {
        if (_removed || world.Machines.Count < 3 || random.NextBool(0.5) || machine.Process?.Node is not { } removed) return;
        var through = world.Machines[random.NextInt(world.Machines.Count)];
        if (through.Process is not { Node: { } node } process) return;
        _removed = true;
        count("member removed", machine.Number);
        process.Queue(() => Begin(() => node.ProposeConfChangeAsync(new ConfChange(ConfChangeType.RemoveNode, removed.Status.Self.Value))));
    }

    /// <summary>Nobody waits for the outcome: whether it was done is seen from the members.</summary>
    private static void Begin(Func<Task> call) => _ = call().ContinueWith(
        static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}

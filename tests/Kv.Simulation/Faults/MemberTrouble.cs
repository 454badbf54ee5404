using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Faults;

/// <summary>What operators do to a cluster: leadership is handed over, members are added, promoted, removed and replaced.</summary>
/// <remarks>
/// A call's outcome may be unknown, and it may be carried out much later. So nobody goes by answers: the machines follow what the
/// members say who belongs to the cluster. A member without a machine gets one with an empty disk; one that was removed is given up
/// some time later, and until then it is started again and again, as a forgotten one is.
/// </remarks>
internal sealed class MemberTrouble(SimWorld world, Prng random, Action<string, int> count)
{
    private const int MostMembers = 5;
    private const int MostPromotions = 8;

    // Of two, neither can go safely: the one that stays needs the other's vote again if it forgets, with what it had not synced
    // yet, that the removal is committed. So it is with etcd, whose operators would force a new cluster then.
    private const int FewestVoters = 2;

    private readonly HashSet<NodeId> _unwanted = [];
    private bool _ended;

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

    /// <summary>A member is added through another, on a spare machine or on one whose member was removed: as a learner that is promoted later, or at once with a vote.</summary>
    public void Add(SimMachine through)
    {
        if (world.Machines.Where(machine => world.MemberOn(machine) is null).ToList() is not { Count: > 0 } free) return;
        Add(through, free[random.NextInt(free.Count)]);
    }

    /// <summary>A machine's member is removed for good, through any member; often another joins in its place soon, on the same machine.</summary>
    public void Remove(SimMachine machine)
    {
        if (world.MemberOn(machine) is not { } member) return;
        if (!member.IsLearner && world.Members.All.Count(each => !each.IsLearner && !_unwanted.Contains(each.Id)) <= FewestVoters) return;
        _unwanted.Add(member.Id);
        var replaced = random.NextBool(0.5);
        Ask(Any(), async node =>
        {
            if (!(await node.Membership.RemoveAsync(member.Id)).Ok) return;
            count(member.IsLearner ? "learner removed" : "member removed", machine.Number);
            if (replaced) Later(3000, () => Add(Any(), machine));
        });
    }

    /// <summary>The machines follow the members.</summary>
    public void FollowAll()
    {
        foreach (var machine in world.Machines) Follow(machine);
    }

    /// <summary>A machine follows the members, some time later.</summary>
    public void Follow(SimMachine machine) => world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(5, _ended ? 500 : 6000)), () =>
    {
        if (world.Members.Count == 0) return;
        var member = world.MemberOn(machine);
        if (member is null && machine.IsUsed) machine.Retire();
        else if (member is not null && (!machine.IsUsed || (machine.Self is { } self && self != member.Id))) machine.Install();
    });

    /// <summary>No more changes; the machines go on following, faster.</summary>
    public void End()
    {
        _ended = true;
        FollowAll();
    }

    private void Add(SimMachine through, SimMachine on)
    {
        if (world.Members.Count >= MostMembers || world.MemberOn(on) is not null) return;
        var learner = random.NextBool(0.6);
        Ask(through, async node =>
        {
            var (members, id) = await node.Membership.AddAsync([on.Url], learner);
            if (!members.Ok) return;
            count(learner ? "learner added" : "voter added", on.Number);
            if (learner) PromoteSoon(id, MostPromotions);
        });
    }

    /// <summary>Asked again until it is done: the learner has to catch up first.</summary>
    private void PromoteSoon(NodeId learner, int tries)
    {
        if (tries == 0) return;
        Later(4000, () =>
        {
            if (world.Members.Find(learner) is not { IsLearner: true }) return;
            Ask(Any(), async node =>
            {
                if ((await node.Membership.PromoteAsync(learner)).Ok) count("learner promoted", 0);
            });
            PromoteSoon(learner, tries - 1);
        });
    }

    private SimMachine Any()
    {
        var used = world.Used;
        return used[random.NextInt(used.Count)];
    }

    private void Later(int milliseconds, Action action) => world.Timeline.After(TimeSpan.FromMilliseconds(random.NextInt(50, milliseconds)), () =>
    {
        if (!_ended) action();
    });

    private static void Ask(SimMachine through, Func<KvNode, Task> call)
    {
        if (through.Process is { Node: { } node } process) process.Queue(() => Begin(() => call(node)));
    }

    /// <summary>Nobody waits for the outcome: whether it was done is seen from the members.</summary>
    private static void Begin(Func<Task> call) => _ = call().ContinueWith(
        static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}

using Kv.Actors.Lease;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Simulation.Machines;
using Kv.Testing.History;

namespace Kv.Simulation.Clients;

/// <summary>Takes leases, hangs keys on them, keeps some alive for a while, and lets them expire; with them it holds a lock and writes under its fencing number.</summary>
internal sealed class LeaseClient(KvCalls calls)
{
    private const string Lock = "lock/a";
    private const string Guarded = "guarded/a";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(7);

    private readonly List<LeaseLog> _logs = [];
    private int _taken;

    /// <summary>The lives of its leases.</summary>
    public IReadOnlyList<LeaseLog> Leases => _logs;

    /// <summary>Until it is told to stop.</summary>
    public async Task RunAsync(Func<bool> stopped)
    {
        while (!stopped())
        {
            await OneAsync(stopped);
            await calls.Caller.Sleep(TimeSpan.FromMilliseconds(calls.Caller.Random.NextInt(10, 2000)));
        }
    }

    private async Task OneAsync(Func<bool> stopped)
    {
        var random = calls.Caller.Random;
        var ttl = random.NextInt(2, 9);
        if (await GrantAsync(ttl) is not { } lease) return;
        if (random.NextBool(0.5)) await LockAsync(lease);
        else await calls.AskAsync(calls.AnyMember(), new KvRequest.Put($"leased/{calls.Caller.Number}", $"{lease.Id}", lease.Id));
        for (var rounds = random.NextInt(6); rounds > 0 && !stopped(); rounds--)
        {
            await calls.Caller.Sleep(TimeSpan.FromSeconds(ttl / 3.0 * (0.5 + random.NextDouble())));
            if (!await KeepAliveAsync(lease, ttl)) return;
            if (random.NextBool(0.5)) await WriteGuardedAsync(lease);
        }

        if (random.NextBool(0.3)) await calls.AskAsync(calls.AnyMember(), new KvRequest.Revoke(lease.Id));
    }

    private async Task<LeaseLog?> GrantAsync(int ttl)
    {
        var id = (calls.Caller.Number * 1_000_000L) + ++_taken;
        var to = calls.AnyMember();
        var call = calls.History.Mark();
        var reply = await calls.Caller.Call(
            to, node => KvCalls.ProposeAsync<LeaseGrantResponse>(node, new InternalRaftRequest { LeaseGrant = new LeaseGrantRequest { ID = id, TTL = ttl } }), _patience);
        var answer = !reply.Answered || !reply.Value.Ok ? LeaseAnswer.Unknown : LeaseAnswer.Alive;
        var span = TimeSpan.FromSeconds(reply.Value.Value?.TTL ?? ttl);
        var granted = new LeaseCall(calls.Name, call, answer == LeaseAnswer.Alive ? calls.History.Mark() : Moment.Never, answer, span);
        calls.Caller.World.Trace?.Write($"{calls.Name} lease {id:x} at n{to.Number}: {granted}");
        if (reply.How == Ending.Refused || (reply.Answered && !reply.Value.Ok && KvCalls.IsSure(reply.Value.Error))) return null;
        var log = new LeaseLog(id, granted);
        _logs.Add(log);
        return answer == LeaseAnswer.Alive ? log : null;
    }

    /// <returns>Whether it may still live.</returns>
    private async Task<bool> KeepAliveAsync(LeaseLog lease, int ttl)
    {
        var to = calls.AnyMember();
        var call = calls.History.Mark();
        var reply = await calls.Caller.Call(to, node => node.Status.Raft.IsLearner ? Task.FromResult(new KeepAliveReply(KvError.NotSupportedForLearner, 0)) : node.KeepAliveAsync(new LeaseId(lease.Id)).AsTask(), _patience);
        var answer = !reply.Answered || reply.Value.Error != KvError.None ? LeaseAnswer.Unknown
            : reply.Value.TtlSeconds > 0 ? LeaseAnswer.Alive : LeaseAnswer.Gone;
        var kept = new LeaseCall(calls.Name, call, answer == LeaseAnswer.Unknown ? Moment.Never : calls.History.Mark(), answer, TimeSpan.FromSeconds(answer == LeaseAnswer.Alive ? reply.Value.TtlSeconds : ttl));
        calls.Caller.World.Trace?.Write($"{calls.Name} keeps lease {lease.Id:x} at n{to.Number}: {kept}");
        lease.Add(kept);
        return answer != LeaseAnswer.Gone;
    }

    /// <summary>The lock is the key's: whoever creates it holds it, and the revision of that is the fencing number.</summary>
    private async Task LockAsync(LeaseLog lease) => await calls.AskAsync(calls.AnyMember(), new KvRequest.Txn(
        [new KvCompare(Lock, CompareOf.Version)], [new KvRequest.Put(Lock, $"{lease.Id}", lease.Id)], [new KvRequest.Range(Lock)]));

    /// <summary>Writes only while it holds the lock, whatever it believes: the number is compared where the write is done.</summary>
    private async Task WriteGuardedAsync(LeaseLog lease) => await calls.AskAsync(calls.AnyMember(), new KvRequest.Txn(
        [new KvCompare(Lock, CompareOf.Value, Value: $"{lease.Id}")], [new KvRequest.Put(Guarded, $"{lease.Id}")], []));
}

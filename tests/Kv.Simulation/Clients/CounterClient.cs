using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Clients;

/// <summary>Counts in a key of its own: what was acknowledged must be there, and nothing that was never written.</summary>
internal sealed class CounterClient(SimCaller caller, int operations)
{
    private readonly ByteString _key = ByteString.CopyFromUtf8($"counter/{caller.Number}");
    private long _attempted;
    private long _acknowledged;

    /// <summary>Calls that were answered.</summary>
    public int Answers { get; private set; }

    /// <summary>Writes and reads, at random members, until it has done its number.</summary>
    public async Task RunAsync()
    {
        for (var i = 0; i < operations; i++)
        {
            var to = caller.World.Machines[caller.Random.NextInt(caller.World.Machines.Count)];
            if (caller.Random.NextBool(0.6)) await PutAsync(to);
            else await GetAsync(to);
            await caller.Sleep(TimeSpan.FromMilliseconds(caller.Random.NextInt(1, 60)));
        }
    }

    private async Task PutAsync(SimMachine to)
    {
        var value = ++_attempted;
        var request = new PutRequest { Key = _key, Value = ByteString.CopyFromUtf8(value.ToString(System.Globalization.CultureInfo.InvariantCulture)) };
        var reply = await caller.Call(to, node => node.ProposeAsync<PutResponse>(new InternalRaftRequest { Put = request.Clone() }), TimeSpan.FromSeconds(8));
        if (!reply.Answered || !reply.Value.Ok) return;
        Answers++;
        _acknowledged = value;
    }

    private async Task GetAsync(SimMachine to)
    {
        var atLeast = _acknowledged;
        var reply = await caller.Call(to, node => node.Reads.LinearizableAsync(CancellationToken.None).AsTask(), TimeSpan.FromSeconds(8));
        if (!reply.Answered || !reply.Value.Ok) return;
        Answers++;
        var found = reply.Value.Value!.Kv.Range(KvProto.QueryOf(new RangeRequest { Key = _key }));
        if (!found.Ok) throw new JudgedException($"a read of {_key.ToStringUtf8()} failed: {found.Error}");
        var value = found.Value!.Kvs is [var kv] ? long.Parse(System.Text.Encoding.UTF8.GetString(kv.Value), System.Globalization.CultureInfo.InvariantCulture) : 0;
        if (value < atLeast) throw new JudgedException($"a write is lost: {_key.ToStringUtf8()} is {value}, but {atLeast} was acknowledged before n{to.Number} was asked");
        if (value > _attempted) throw new JudgedException($"{_key.ToStringUtf8()} is {value}, but only {_attempted} was ever written");
    }
}

using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Testing.History;

namespace Kv.Chaos.Clients;

/// <summary>Holds one lease after another: grants it, puts keys on it, keeps it alive for a while, then revokes it or lets it go.</summary>
internal sealed class LeaseHolder(ClientContext context, string name, int seed)
{
    private const int TtlSeconds = 3;              // above etcd's least for this election timeout, 2

    private readonly Random _random = new(seed);
    private readonly List<LeaseLog> _leases = [];
    private int _values;

    /// <summary>All leases it ever asked for.</summary>
    public IReadOnlyList<LeaseLog> Leases => _leases;

    /// <summary>Works until the time of faults is over.</summary>
    public async Task RunAsync()
    {
        var members = context.Connect(name);
        MemberClient Any() => members[_random.Next(members.Length)];
        try
        {
            while (!context.Faults.IsCancellationRequested)
            {
                if (await GrantAsync(Any()) is { } lease)
                {
                    await HoldAsync(lease, Any);
                }
                await ClientContext.RestAsync(_random, 10 * context.Pace, context.Faults);
            }
        }
        finally
        {
            foreach (var member in members)
            {
                member.Dispose();
            }
        }
    }

    private async Task HoldAsync(LeaseLog lease, Func<MemberClient> any)
    {
        var keys = 1 + _random.Next(3);
        for (var i = 0; i < keys; i++)
        {
            var put = new KvRequest.Put($"l/{name}/{i}", $"{name}-{++_values}", lease.Id);
            var done = await any().DoAsync(context.History, put, ClientContext.Patience);
            context.Saw(done.Answer?.Revision ?? 0);
            Learn(lease, done);
        }
        for (var beats = _random.Next(5); beats > 0 && !context.Faults.IsCancellationRequested; beats--)
        {
            await ClientContext.RestAsync(_random, TimeSpan.FromSeconds(TtlSeconds / 3.0), context.Faults);
            if (await KeepAliveAsync(lease, any()) == LeaseAnswer.Gone)
            {
                await KeepAliveAsync(lease, any());                // gone is gone, whomever one asks
                return;
            }
        }
        if (_random.Next(3) == 0)
        {
            Learn(lease, await any().DoAsync(context.History, new KvRequest.Revoke(lease.Id), ClientContext.Patience));
            await KeepAliveAsync(lease, any());                    // must not bring it back
            return;
        }
        await ClientContext.RestAsync(_random, TimeSpan.FromSeconds(_random.Next(1, 2 * TtlSeconds)), context.Faults);
        await KeepAliveAsync(lease, any());                        // may be too late, may be in time
    }

    /// <summary>A request that was refused for want of the lease tells as much as a keep-alive does.</summary>
    private void Learn(LeaseLog lease, Operation done)
    {
        if (done is { Fate: Fate.Failed, Note: { } note } && note.Contains("requested lease not found", StringComparison.Ordinal))
        {
            lease.Add(new LeaseCall($"{name}, refused {done.Request}", done.Call, done.Return, LeaseAnswer.Gone, TimeSpan.Zero));
        }
    }

    private async Task<LeaseLog?> GrantAsync(MemberClient member)
    {
        var id = _random.NextInt64(1, long.MaxValue);
        var call = context.History.Mark();
        LeaseLog Log(LeaseAnswer answer, long ttl, Moment back)
        {
            var lease = new LeaseLog(id, new LeaseCall(name, call, back, answer, TimeSpan.FromSeconds(ttl)));
            _leases.Add(lease);
            return lease;
        }
        try
        {
            var granted = await member.Lease.LeaseGrantAsync(new LeaseGrantRequest { ID = id, TTL = TtlSeconds }, new CallOptions(deadline: DateTime.UtcNow + ClientContext.Patience));
            return Log(LeaseAnswer.Alive, granted.TTL, context.History.Mark());
        }
        catch (RpcException error)
        {
            if (!MemberClient.CertainlyFailed(error))
            {
                Log(LeaseAnswer.Unknown, TtlSeconds, Moment.Never);
            }
            return null;
        }
    }

    private async Task<LeaseAnswer> KeepAliveAsync(LeaseLog lease, MemberClient member)
    {
        var call = context.History.Mark();
        LeaseAnswer Log(LeaseAnswer answer, long ttl, Moment back)
        {
            lease.Add(new LeaseCall($"{name} by {member.Member.Name}", call, back, answer, TimeSpan.FromSeconds(ttl)));
            return answer;
        }
        try
        {
            using var stream = member.Lease.LeaseKeepAlive(new CallOptions(deadline: DateTime.UtcNow + ClientContext.Patience));
            await stream.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = lease.Id });
            if (await stream.ResponseStream.MoveNext(CancellationToken.None))
            {
                var (ttl, back) = (stream.ResponseStream.Current.TTL, context.History.Mark());
                await stream.RequestStream.CompleteAsync();
                return Log(ttl > 0 ? LeaseAnswer.Alive : LeaseAnswer.Gone, ttl, back);
            }
        }
        catch (RpcException error)
        {
            if (MemberClient.CertainlyFailed(error) && error.StatusCode != StatusCode.NotFound)
            {
                return LeaseAnswer.Unknown;                        // it had no effect: nothing to log
            }
        }
        return Log(LeaseAnswer.Unknown, TtlSeconds, Moment.Never);
    }
}

using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;

namespace Kv.Gateway.Tests.Services;

/// <summary>Leases as clients see them (reference, lease-semantics).</summary>
public sealed class LeaseServiceTests(NodeHost node) : IClassFixture<NodeHost>
{
    private const string NotFound = "etcdserver: requested lease not found";

    [Fact]
    public async Task Time_to_live_is_raised_to_the_minimum_and_refused_beyond_the_maximum()
    {
        foreach (var ttl in (long[])[1, 0, -5, long.MinValue])
        {
            var raised = await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = ttl });
            Assert.Equal((2, ""), (raised.TTL, raised.Error));
            Assert.True(raised.ID > 0);
            await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = raised.ID });
        }
        const string TooLarge = "etcdserver: too large lease TTL";
        await FailsAsync(StatusCode.OutOfRange, TooLarge, node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 9_000_000_001 }));
        await FailsAsync(StatusCode.OutOfRange, TooLarge, node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = long.MaxValue, ID = 5 }));
        var longest = await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 9_000_000_000 });
        Assert.Equal(9_000_000_000, longest.TTL);
        var left = await node.Lease.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = longest.ID });
        Assert.InRange(left.TTL, 9_000_000_000 - 60, 9_000_000_000);
        await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = longest.ID });
    }

    [Fact]
    public async Task An_id_is_taken_once_and_may_be_negative()
    {
        foreach (var id in (long[])[77, -3, long.MinValue])
        {
            Assert.Equal(id, (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 100, ID = id })).ID);
            await FailsAsync(StatusCode.FailedPrecondition, "etcdserver: lease already exists", node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 5, ID = id }));
            await node.Kv.PutAsync(new PutRequest { Key = B($"taken/{id}"), Lease = id });
            await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = id });
            Assert.Empty((await node.Kv.RangeAsync(new RangeRequest { Key = B($"taken/{id}") })).Kvs);
            await FailsAsync(StatusCode.NotFound, NotFound, node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = id }));
        }
        await FailsAsync(StatusCode.NotFound, NotFound, node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest()));
    }

    [Fact]
    public async Task A_keep_alive_answers_in_order_and_0_for_what_is_unknown()
    {
        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 321 })).ID;
        using var call = node.Lease.LeaseKeepAlive();
        long[] ids = [lease, 123456, 0, -9, lease];
        foreach (var id in ids)
        {
            await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = id });
        }
        foreach (var id in ids)
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServiceHost.Patience));
            var kept = call.ResponseStream.Current;
            Assert.Equal((id, id == lease ? 321 : 0), (kept.ID, kept.TTL));
            Assert.True(kept.Header.ClusterId != 0 && kept.Header.MemberId != 0 && kept.Header.RaftTerm != 0 && kept.Header.Revision != 0);
        }
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServiceHost.Patience));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease });
    }

    [Fact]
    public async Task Time_to_live_names_the_keys_when_asked_and_is_minus_1_for_what_is_unknown()
    {
        var unknown = await node.Lease.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = 987, Keys = true });
        Assert.Equal((987, -1, 0, 0), (unknown.ID, unknown.TTL, unknown.GrantedTTL, unknown.Keys.Count));

        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 500 })).ID;
        await node.Kv.PutAsync(new PutRequest { Key = B("ttl/b"), Lease = lease });
        await node.Kv.PutAsync(new PutRequest { Key = B("ttl/a"), Lease = lease });
        await node.Kv.PutAsync(new PutRequest { Key = B("ttl/c"), Lease = lease });
        await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("ttl/c") });
        var silent = await node.Lease.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = lease });
        Assert.Equal((500, 0), (silent.GrantedTTL, silent.Keys.Count));
        Assert.InRange(silent.TTL, 470, 500);
        var named = await node.Lease.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = lease, Keys = true });
        Assert.Equal(["ttl/a", "ttl/b"], named.Keys.Select(static key => key.ToStringUtf8()).Order());
        await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease });
    }

    [Fact]
    public async Task The_list_has_every_lease_the_shortest_first()
    {
        long[] wanted = [(await Grant(5000)).ID, (await Grant(100)).ID, (await Grant(1000)).ID];
        var listed = (await node.Lease.LeaseLeasesAsync(new LeaseLeasesRequest())).Leases.Select(static lease => lease.ID).Where(wanted.Contains);
        Assert.Equal([wanted[1], wanted[2], wanted[0]], listed);
        foreach (var id in wanted)
        {
            await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = id });
        }
        Assert.DoesNotContain((await node.Lease.LeaseLeasesAsync(new LeaseLeasesRequest())).Leases, lease => wanted.Contains(lease.ID));

        async Task<LeaseGrantResponse> Grant(long ttl) => await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = ttl });
    }

    [Fact]
    public async Task Revoking_deletes_every_key_in_one_revision_and_without_keys_there_is_none()
    {
        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 500 })).ID;
        var bare = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 500 })).ID;
        var now = 0L;
        for (var i = 0; i < 5; i++)
        {
            now = (await node.Kv.PutAsync(new PutRequest { Key = B($"revoke/{4 - i}"), Lease = lease })).Header.Revision;
        }
        Assert.Equal(now, (await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = bare })).Header.Revision);
        Assert.Equal(now + 1, (await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease })).Header.Revision);
        var gone = await node.Kv.RangeAsync(new RangeRequest { Key = B("revoke/"), RangeEnd = B("revoke0") });
        Assert.Equal((0, now + 1), (gone.Count, gone.Header.Revision));
    }

    [Fact]
    public async Task A_lease_nobody_keeps_expires_and_takes_its_keys_in_one_revision_of_ascending_deletes()
    {
        using var watch = new WatchCall(node);
        await watch.CreateAsync(new WatchCreateRequest { Key = B("expire/"), RangeEnd = B("expire0"), PrevKv = true });
        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 2 })).ID;
        foreach (var name in (string[])["z", "a", "m"])
        {
            await node.Kv.PutAsync(new PutRequest { Key = B($"expire/{name}"), Value = B(name), Lease = lease });
            Assert.Single((await watch.NextAsync()).Events);
        }
        var deletes = await watch.NextAsync();
        Assert.Equal(["expire/a", "expire/m", "expire/z"], deletes.Events.Select(static e => e.Kv.Key.ToStringUtf8()));
        Assert.All(deletes.Events, e => Assert.Equal((deletes.Header.Revision, lease), (e.Kv.ModRevision, e.PrevKv.Lease)));
        Assert.Equal(-1, (await node.Lease.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = lease })).TTL);
    }
}

using Google.Protobuf;
using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;

namespace Kv.Gateway.Tests.Services;

/// <summary>What alarms forbid, how the quota raises one, and how they are cleared (reference, cluster-maintenance §11).</summary>
public sealed class AlarmTests(AlarmTests.Host node) : IClassFixture<AlarmTests.Host>
{
    /// <summary>A node with room for about a megabyte.</summary>
    public sealed class Host() : NodeHost("", "--quota-backend-bytes=1048576");

    private static readonly ByteString Value = ByteString.CopyFrom(new byte[64 * 1024]);

    [Fact]
    public async Task A_full_quota_raises_no_space_which_leaves_room_to_clear_up()
    {
        const string Text = "etcdserver: mvcc: database space exceeded";
        Assert.Equal(1_048_576, (await node.Maintenance.StatusAsync(new StatusRequest())).DbSizeQuota);
        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 1000 })).ID;
        await node.Kv.PutAsync(new PutRequest { Key = B("full/leased"), Value = B("v"), Lease = lease });
        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            for (var i = 0; i < 32; i++)
            {
                await node.Kv.PutAsync(new PutRequest { Key = B($"full/{i}"), Value = Value });
            }
        });
        Assert.Equal((StatusCode.ResourceExhausted, Text), (failure.StatusCode, failure.Status.Detail));
        var alarms = await UntilAsync(async () => (await node.Maintenance.AlarmAsync(new AlarmRequest())).Alarms, static alarms => alarms.Count > 0);
        var self = (await node.Maintenance.StatusAsync(new StatusRequest())).Header.MemberId;
        Assert.Equal(new AlarmMember { MemberID = self, Alarm = AlarmType.Nospace }, alarms.Single());
        Assert.Equal(503, (await node.GetAsync("/health")).Http);

        var index = (await node.Maintenance.StatusAsync(new StatusRequest())).RaftIndex;
        await FailsAsync(StatusCode.ResourceExhausted, Text, node.Kv.PutAsync(new PutRequest { Key = B("tiny"), Value = B("v") }));
        await FailsAsync(StatusCode.ResourceExhausted, Text, node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 10 }));
        var either = new TxnRequest();
        either.Failure.Add(new RequestOp { RequestPut = new PutRequest { Key = B("tiny"), Value = B("v") } });
        await FailsAsync(StatusCode.ResourceExhausted, Text, node.Kv.TxnAsync(either));
        Assert.Equal(index, (await node.Maintenance.StatusAsync(new StatusRequest())).RaftIndex);      // refused before the log
        var deleting = new TxnRequest();
        deleting.Success.Add(new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = B("full/0") } });
        Assert.Equal(1, (await node.Kv.TxnAsync(deleting)).Responses[0].ResponseDeleteRange.Deleted);
        Assert.Single((await node.Kv.RangeAsync(new RangeRequest { Key = B("full/1") })).Kvs);
        await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease });
        var now = (await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("full/"), RangeEnd = B("full0") })).Header.Revision;
        await node.Kv.CompactAsync(new CompactionRequest { Revision = now, Physical = true });
        await node.Maintenance.DefragmentAsync(new DefragmentRequest());

        await FailsAsync(StatusCode.ResourceExhausted, Text, node.Kv.PutAsync(new PutRequest { Key = B("tiny"), Value = B("v") }));
        Assert.Equal(alarms, (await node.Maintenance.AlarmAsync(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Deactivate, Alarm = AlarmType.Nospace, MemberID = self })).Alarms);
        await node.Kv.PutAsync(new PutRequest { Key = B("tiny"), Value = Value });
        Assert.Equal(200, (await node.GetAsync("/health")).Http);
        Assert.Empty((await node.Maintenance.StatusAsync(new StatusRequest())).Errors);
    }

    [Fact]
    public async Task Corruption_stops_every_write_and_no_read()
    {
        const string Text = "etcdserver: corrupt cluster";
        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 1000 })).ID;
        var now = (await node.Kv.PutAsync(new PutRequest { Key = B("corrupt"), Value = B("v") })).Header.Revision;
        await node.Maintenance.AlarmAsync(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, Alarm = AlarmType.Corrupt, MemberID = 3 });
        try
        {
            await FailsAsync(StatusCode.DataLoss, Text, node.Kv.PutAsync(new PutRequest { Key = B("corrupt"), Value = B("w") }));
            await FailsAsync(StatusCode.DataLoss, Text, node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("corrupt") }));
            await FailsAsync(StatusCode.DataLoss, Text, node.Kv.CompactAsync(new CompactionRequest { Revision = now }));
            await FailsAsync(StatusCode.DataLoss, Text, node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 10 }));
            await FailsAsync(StatusCode.DataLoss, Text, node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease }));
            var writing = new TxnRequest();
            writing.Success.Add(new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = B("corrupt") } });
            await FailsAsync(StatusCode.DataLoss, Text, node.Kv.TxnAsync(writing));
            Assert.Single((await node.Kv.RangeAsync(new RangeRequest { Key = B("corrupt") })).Kvs);
            var reading = new TxnRequest();
            reading.Success.Add(new RequestOp { RequestRange = new RangeRequest { Key = B("corrupt") } });
            Assert.Single((await node.Kv.TxnAsync(reading)).Responses[0].ResponseRange.Kvs);
            using var watch = new WatchCall(node);
            await watch.CreateAsync(new WatchCreateRequest { Key = B("corrupt"), StartRevision = now });
            Assert.Single((await watch.NextAsync()).Events);
        }
        finally
        {
            await node.Maintenance.AlarmAsync(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Deactivate, Alarm = AlarmType.Corrupt, MemberID = 3 });
        }
        await node.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = B("corrupt") });
        await node.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease });
    }
}

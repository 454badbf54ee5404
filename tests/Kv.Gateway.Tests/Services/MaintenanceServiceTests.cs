using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;

namespace Kv.Gateway.Tests.Services;

/// <summary>Status, hashes, snapshot, alarms and members as clients see them (reference, cluster-maintenance).</summary>
public sealed class MaintenanceServiceTests(NodeHost node) : IClassFixture<NodeHost>
{
    [Fact]
    public async Task Status_fills_every_field()
    {
        var put = await node.Kv.PutAsync(new PutRequest { Key = B("status"), Value = B("v") });
        var status = await node.Maintenance.StatusAsync(new StatusRequest());
        Assert.Equal(put.Header, status.Header);
        Assert.Equal((status.Header.MemberId, status.Header.RaftTerm), (status.Leader, status.RaftTerm));
        Assert.Equal(("3.6.8", "3.6.0", 2_147_483_648), (status.Version, status.StorageVersion, status.DbSizeQuota));
        Assert.Empty(status.Errors);
        Assert.False(status.IsLearner);
        Assert.Equal(new DowngradeInfo(), status.DowngradeInfo);
        Assert.True(status.DbSize > 0 && status.DbSizeInUse > 0 && status.DbSizeInUse <= status.DbSize);
        Assert.True(status.RaftIndex >= status.RaftAppliedIndex && status.RaftAppliedIndex > 0);
        await node.Kv.PutAsync(new PutRequest { Key = B("status"), Value = B("w") });
        Assert.Equal(status.RaftAppliedIndex + 1, (await node.Maintenance.StatusAsync(new StatusRequest())).RaftAppliedIndex);
    }

    [Fact]
    public async Task Hashes_change_with_the_data_and_refuse_revisions_that_are_not_there()
    {
        var first = (await node.Kv.PutAsync(new PutRequest { Key = B("hash"), Value = B("1") })).Header.Revision;
        var before = await node.Maintenance.HashKVAsync(new HashKVRequest());
        var whole = await node.Maintenance.HashAsync(new HashRequest());
        Assert.Equal((before.Hash, whole.Hash), ((await node.Maintenance.HashKVAsync(new HashKVRequest { Revision = first })).Hash, (await node.Maintenance.HashAsync(new HashRequest())).Hash));
        Assert.Equal(first, before.HashRevision);

        var second = (await node.Kv.PutAsync(new PutRequest { Key = B("hash"), Value = B("2") })).Header.Revision;
        var after = await node.Maintenance.HashKVAsync(new HashKVRequest());
        Assert.NotEqual(before.Hash, after.Hash);
        Assert.NotEqual(whole.Hash, (await node.Maintenance.HashAsync(new HashRequest())).Hash);
        var past = await node.Maintenance.HashKVAsync(new HashKVRequest { Revision = first });
        Assert.Equal((before.Hash, first, second), (past.Hash, past.HashRevision, past.Header.Revision));
        await FailsAsync(
            StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision",
            node.Maintenance.HashKVAsync(new HashKVRequest { Revision = second + 1 }));

        await node.Kv.CompactAsync(new CompactionRequest { Revision = second, Physical = true });
        await FailsAsync(
            StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted",
            node.Maintenance.HashKVAsync(new HashKVRequest { Revision = first }));
        Assert.Equal(second, (await node.Maintenance.HashKVAsync(new HashKVRequest())).CompactRevision);
    }

    [Fact]
    public async Task A_snapshot_counts_down_to_its_last_chunk_and_ends_with_its_digest()
    {
        for (var i = 0; i < 20; i++)
        {
            await node.Kv.PutAsync(new PutRequest { Key = B($"snap/{i}"), Value = ByteString.CopyFrom(new byte[10_000]) });
        }
        using var call = node.Maintenance.Snapshot(new SnapshotRequest());
        var image = new MemoryStream();
        var parts = new List<SnapshotResponse>();
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServiceHost.Patience))
        {
            parts.Add(call.ResponseStream.Current);
        }
        var (chunks, trailer) = (parts.SkipLast(1).ToList(), parts[^1]);
        chunks.ForEach(part => part.Blob.WriteTo(image));
        Assert.Equal(0, image.Length % 512);
        Assert.True(image.Length > 200_000);
        Assert.Equal(0xED0CDAEDu, BitConverter.ToUInt32(image.ToArray(), 16));
        var left = image.Length;
        Assert.All(chunks, part =>
        {
            left -= part.Blob.Length;
            Assert.Equal(((ulong)left, "3.6.0"), (part.RemainingBytes, part.Version));
            Assert.InRange(part.Blob.Length, 1, 32_768);
            Assert.Null(part.Header);
        });
        Assert.Equal(0ul, trailer.RemainingBytes);
        Assert.Equal(SHA256.HashData(image.ToArray()), trailer.Blob.ToByteArray());
    }

    [Fact]
    public async Task Alarms_are_listed_by_kind_and_undefined_ones_have_no_effect()
    {
        Assert.Empty((await Alarm(AlarmRequest.Types.AlarmAction.Get, AlarmType.None, 0)).Alarms);
        var raised = await Alarm(AlarmRequest.Types.AlarmAction.Activate, AlarmType.Corrupt, 7);
        Assert.Equal((7ul, AlarmType.Corrupt), (raised.Alarms.Single().MemberID, raised.Alarms[0].Alarm));
        Assert.Equal(raised.Alarms, (await Alarm(AlarmRequest.Types.AlarmAction.Activate, AlarmType.Corrupt, 7)).Alarms);
        await Alarm(AlarmRequest.Types.AlarmAction.Activate, AlarmType.Nospace, 0);
        Assert.Equal(2, (await Alarm(AlarmRequest.Types.AlarmAction.Get, AlarmType.None, 99)).Alarms.Count);
        Assert.Equal(raised.Alarms, (await Alarm(AlarmRequest.Types.AlarmAction.Get, AlarmType.Corrupt, 99)).Alarms);
        Assert.Equal(["alarm:NOSPACE", "memberID:7 alarm:CORRUPT"], (await node.Maintenance.StatusAsync(new StatusRequest())).Errors.Select(static e => e.Trim()).Order());

        Assert.Empty((await Alarm(AlarmRequest.Types.AlarmAction.Activate, AlarmType.None, 7)).Alarms);
        Assert.Empty((await Alarm((AlarmRequest.Types.AlarmAction)9, AlarmType.Corrupt, 8)).Alarms);
        Assert.Empty((await Alarm(AlarmRequest.Types.AlarmAction.Get, (AlarmType)9, 7)).Alarms);
        Assert.Empty((await Alarm(AlarmRequest.Types.AlarmAction.Activate, (AlarmType)9, 7)).Alarms);
        Assert.Empty((await Alarm(AlarmRequest.Types.AlarmAction.Deactivate, (AlarmType)9, 7)).Alarms);

        Assert.Empty((await Alarm(AlarmRequest.Types.AlarmAction.Deactivate, AlarmType.Corrupt, 8)).Alarms);
        Assert.Equal(raised.Alarms, (await Alarm(AlarmRequest.Types.AlarmAction.Deactivate, AlarmType.Corrupt, 7)).Alarms);
        Assert.Single((await Alarm(AlarmRequest.Types.AlarmAction.Deactivate, AlarmType.Nospace, 0)).Alarms);
        Assert.Empty((await Alarm(AlarmRequest.Types.AlarmAction.Get, AlarmType.None, 0)).Alarms);

        async Task<AlarmResponse> Alarm(AlarmRequest.Types.AlarmAction action, AlarmType alarm, ulong member) =>
            await node.Maintenance.AlarmAsync(new AlarmRequest { Action = action, Alarm = alarm, MemberID = member });
    }

    [Fact]
    public async Task The_one_member_is_listed_as_started()
    {
        var members = await node.Cluster.MemberListAsync(new MemberListRequest { Linearizable = true });
        var self = Assert.Single(members.Members);
        Assert.Equal((members.Header.MemberId, "default", false), (self.ID, self.Name, self.IsLearner));
        Assert.Single(self.PeerURLs);
        Assert.Equal([$"http://{node.Endpoint}"], self.ClientURLs);
    }

    [Fact]
    public async Task What_is_not_served_yet_says_so()
    {
        await Unserved(node.Maintenance.DowngradeAsync(new DowngradeRequest()));
        await Unserved(new Protos.Etcdserverpb.Auth.AuthClient(node.Channel).AuthStatusAsync(new AuthStatusRequest()));
        await Unserved(new Protos.Etcdserverpb.Auth.AuthClient(node.Channel).AuthenticateAsync(new AuthenticateRequest { Name = "root" }));

        static async Task Unserved<T>(AsyncUnaryCall<T> call)
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
            Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
            Assert.NotEmpty(failure.Status.Detail);
        }
    }
}

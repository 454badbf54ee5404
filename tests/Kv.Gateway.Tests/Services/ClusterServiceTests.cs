using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Testing.Processes;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;

namespace Kv.Gateway.Tests.Services;

/// <summary>Membership calls to a cluster of one (reference, membership calls); what needs several members is in Kv.Interop.</summary>
public sealed class ClusterServiceTests : IAsyncLifetime
{
    private readonly NodeHost _node = new();

    public Task InitializeAsync() => _node.InitializeAsync();

    public Task DisposeAsync() => _node.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:2380")]
    [InlineData("ftp://127.0.0.1:2380")]
    [InlineData("http://127.0.0.1")]
    [InlineData("http://127.0.0.1:2380/path")]
    [InlineData("http://exa mple:2380")]
    [InlineData("http://:2380")]
    [InlineData("unix://peer.sock")]
    [InlineData("http://127.0.0.1:2380 bad")]
    public async Task Urls_that_nobody_could_be_reached_at_are_invalid(string urls)
    {
        var add = new MemberAddRequest();
        add.PeerURLs.AddRange(urls.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        const string Text = "etcdserver: given member URLs are invalid";
        await FailsAsync(StatusCode.InvalidArgument, Text, _node.Cluster.MemberAddAsync(add));
        await FailsAsync(StatusCode.InvalidArgument, Text, _node.Cluster.MemberUpdateAsync(new MemberUpdateRequest { ID = await SelfAsync(), PeerURLs = { add.PeerURLs } }));
        Assert.Single((await ListAsync()).Members);
    }

    [Fact]
    public async Task A_learner_joins_waits_for_its_log_and_leaves_for_good()
    {
        var url = Url();
        var added = await _node.Cluster.MemberAddAsync(new MemberAddRequest { PeerURLs = { url }, IsLearner = true });
        Assert.Equal((0, added.Member.ID, "", true), (added.Header.Revision, added.Member.ID, added.Member.Name, added.Member.IsLearner));
        Assert.Equal([url], added.Member.PeerURLs);
        Assert.Empty(added.Member.ClientURLs);
        Assert.Equal(added.Members, (await ListAsync()).Members);
        Assert.Equal(2, added.Members.Count);
        Assert.Equal(added.Members.OrderBy(static member => member.ID), added.Members);

        await FailsAsync(
            StatusCode.FailedPrecondition, "etcdserver: Peer URLs already exists",
            _node.Cluster.MemberAddAsync(new MemberAddRequest { PeerURLs = { Url(), url }, IsLearner = true }));
        await FailsAsync(
            StatusCode.FailedPrecondition, "etcdserver: too many learner members in cluster",
            _node.Cluster.MemberAddAsync(new MemberAddRequest { PeerURLs = { Url() }, IsLearner = true }));
        await FailsAsync(
            StatusCode.FailedPrecondition, "etcdserver: can only promote a learner member which is in sync with leader",
            _node.Cluster.MemberPromoteAsync(new MemberPromoteRequest { ID = added.Member.ID }));
        await FailsAsync(
            StatusCode.FailedPrecondition, "etcdserver: bad leader transferee",
            _node.Maintenance.MoveLeaderAsync(new MoveLeaderRequest { TargetID = added.Member.ID }));

        var moved = Url();
        var updated = await _node.Cluster.MemberUpdateAsync(new MemberUpdateRequest { ID = added.Member.ID, PeerURLs = { moved } });
        Assert.Equal([moved], updated.Members.Single(member => member.ID == added.Member.ID).PeerURLs);
        await FailsAsync(
            StatusCode.FailedPrecondition, "etcdserver: Peer URLs already exists",
            _node.Cluster.MemberUpdateAsync(new MemberUpdateRequest { ID = await SelfAsync(), PeerURLs = { moved } }));

        var removed = await _node.Cluster.MemberRemoveAsync(new MemberRemoveRequest { ID = added.Member.ID });
        Assert.Equal((0, await SelfAsync()), (removed.Header.Revision, Assert.Single(removed.Members).ID));
        await FailsAsync(StatusCode.NotFound, "etcdserver: member not found", _node.Cluster.MemberRemoveAsync(new MemberRemoveRequest { ID = added.Member.ID }));
        await _node.Kv.PutAsync(new PutRequest { Key = B("still"), Value = B("here") });
    }

    [Fact]
    public async Task The_only_voter_stays()
    {
        await FailsAsync(
            StatusCode.Unknown, "etcdserver: re-configuration failed due to not enough started members",
            _node.Cluster.MemberRemoveAsync(new MemberRemoveRequest { ID = await SelfAsync() }));
        await FailsAsync(
            StatusCode.FailedPrecondition, "etcdserver: can only promote a learner member",
            _node.Cluster.MemberPromoteAsync(new MemberPromoteRequest { ID = await SelfAsync() }));
        await _node.Kv.PutAsync(new PutRequest { Key = B("still"), Value = B("here") });
    }

    [Fact]
    public async Task An_unknown_member_is_not_found()
    {
        await FailsAsync(StatusCode.NotFound, "etcdserver: member not found", _node.Cluster.MemberRemoveAsync(new MemberRemoveRequest { ID = 99 }));
        await FailsAsync(StatusCode.NotFound, "etcdserver: member not found", _node.Cluster.MemberRemoveAsync(new MemberRemoveRequest()));
        await FailsAsync(StatusCode.NotFound, "etcdserver: member not found", _node.Cluster.MemberPromoteAsync(new MemberPromoteRequest { ID = 99 }));
        await FailsAsync(
            StatusCode.NotFound, "etcdserver: member not found", _node.Cluster.MemberUpdateAsync(new MemberUpdateRequest { ID = 99, PeerURLs = { Url() } }));
    }

    [Fact]
    public async Task Leadership_moves_to_voters_only()
    {
        await FailsAsync(
            StatusCode.FailedPrecondition, "etcdserver: bad leader transferee", _node.Maintenance.MoveLeaderAsync(new MoveLeaderRequest { TargetID = 99 }));
        var moved = await _node.Maintenance.MoveLeaderAsync(new MoveLeaderRequest { TargetID = await SelfAsync() });
        Assert.Null(moved.Header);
    }

    private static string Url() => $"http://127.0.0.1:{FreePorts.Next()}";

    private async Task<MemberListResponse> ListAsync()
    {
        var list = await _node.Cluster.MemberListAsync(new MemberListRequest { Linearizable = true });
        Assert.Equal(0, list.Header.Revision);
        return list;
    }

    private async Task<ulong> SelfAsync() => (await _node.Cluster.MemberListAsync(new MemberListRequest())).Header.MemberId;
}

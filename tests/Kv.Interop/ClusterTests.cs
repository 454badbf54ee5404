using System.Text.Json;
using Google.Protobuf;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Interop;

/// <summary>Debian's etcdctl against three real processes: what an operator does to a cluster, and what befalls it.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string> _api3 = new() { ["ETCDCTL_API"] = "3" };

    private readonly List<KvServer> _servers = [];

    private string All => string.Join(',', _servers.Select(static server => server.Endpoint));

    /// <inheritdoc/>
    public async Task InitializeAsync() => _servers.AddRange(await KvServer.StartClusterAsync(3));

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    [InteropFact("etcdctl")]
    public async Task What_is_written_on_one_member_is_read_and_watched_on_the_others()
    {
        using var watch = Command.Start("etcdctl", ["--endpoints", _servers[2].Endpoint, "watch", "greeting", "--rev=1"], _api3);
        await CtlAt(0, "put", "greeting", "hello");
        Assert.Equal("greeting\nhello\n", await CtlAt(1, "get", "greeting"));
        Assert.Equal("PUT", await watch.StandardOutput.ReadLineAsync());
        Assert.Equal("greeting", await watch.StandardOutput.ReadLineAsync());
        watch.Kill();
        await watch.WaitForExitAsync();
        for (var i = 0; i < 3; i++)
        {
            var granted = (await CtlAt(i, "lease", "grant", "100")).Split(' ')[1];
            Assert.Equal($"lease {granted} keepalived with TTL(100)\n", await CtlAt((i + 1) % 3, "lease", "keep-alive", "--once", granted));
            await CtlAt((i + 2) % 3, "put", "--lease", granted, $"leased{i}", "v");
            Assert.Contains($"leased{i}", await CtlAt((i + 1) % 3, "lease", "timetolive", granted, "--keys"), StringComparison.Ordinal);
            await CtlAt((i + 1) % 3, "lease", "revoke", granted);
            Assert.Equal("", await CtlAt((i + 2) % 3, "get", $"leased{i}"));
        }
    }

    [InteropFact("etcdctl")]
    public async Task Every_member_tells_the_truth_about_itself()
    {
        await CtlAt(0, "put", "k", "v");
        var status = await StatusAsync(All);
        Assert.Equal(3, status.Select(static member => member.Id).Distinct().Count());
        var leader = Assert.Single(status.Select(static member => member.Leader).Distinct());
        Assert.Contains(leader, status.Select(static member => member.Id));
        Assert.All(status, static member => Assert.True(member.RaftIndex >= member.Applied && member.Applied > 0));
        var health = await RunAt(All, "endpoint", "health", "--cluster");
        Assert.Equal(3, (health.Output + health.Error).Split('\n').Count(static line => line.Contains("is healthy: successfully committed proposal", StringComparison.Ordinal)));
        var hashes = JsonSerializer.Deserialize<JsonElement[]>(await CtlAt(0, "endpoint", "hashkv", "--cluster", "-w", "json"))!;
        Assert.Equal(3, hashes.Length);
        Assert.Single(hashes.Select(static hash => hash.GetProperty("HashKV").GetProperty("hash").GetUInt32()).Distinct());
        Assert.Equal(3, (await CtlAt(1, "member", "list")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(static line => line.Contains(", started, ", StringComparison.Ordinal)));
    }

    [InteropFact("etcdctl")]
    public async Task Leadership_is_moved_by_the_leader_to_a_voter()
    {
        var status = await StatusAsync(All);
        var leader = status.Single(static member => member.Id == member.Leader);
        var other = status.First(static member => member.Id != member.Leader);
        Assert.Equal(
            $"Leadership transferred from {leader.Id:x} to {other.Id:x}\n", (await RunAt(leader.Endpoint, "move-leader", $"{other.Id:x}")).Succeeded());
        Assert.Equal(other.Id, (await StatusAsync(other.Endpoint)).Single().Leader);
        var refused = await RunAt(other.Endpoint, "move-leader", "1234");
        Assert.Equal((1, "Error: etcdserver: bad leader transferee"), (Math.Sign(refused.ExitCode), refused.Error.Split('\n')[^2]));
    }

    [InteropFact("etcdctl")]
    public async Task A_killed_leader_is_replaced_and_comes_back_without_flags_of_its_first_start()
    {
        await CtlAt(0, "put", "before", "1");
        var status = await StatusAsync(All);
        var leader = _servers.Single(server => server.Endpoint == status.Single(static member => member.Id == member.Leader).Endpoint);
        await leader.KillAsync();
        var others = string.Join(',', _servers.Where(server => server != leader).Select(static server => server.Endpoint));
        // As against etcd: what is passed on to a leader that is just gone times out, and is the client's to ask again.
        await UntilAsync(() => RunAt(others, "put", "after", "2"), static put => put.ExitCode == 0);
        leader.UseFlags();
        await leader.LaunchAsync();
        Assert.Equal("after\n2\n", (await RunAt(leader.Endpoint, "get", "after")).Succeeded());
        Assert.Equal("before\n1\n", (await RunAt(leader.Endpoint, "get", "before", "--consistency=s")).Succeeded());
    }

    [InteropFact("etcdctl")]
    public async Task Without_a_quorum_reads_of_one_member_go_on_and_health_says_why_the_rest_does_not()
    {
        await CtlAt(0, "put", "k", "v");
        await _servers[1].KillAsync();
        await _servers[2].KillAsync();
        Assert.Equal("k\nv\n", await CtlAt(0, "get", "k", "--consistency=s"));
        var write = await RunAt(_servers[0].Endpoint, "put", "k", "w", "--command-timeout=20s");
        Assert.NotEqual(0, write.ExitCode);
        Assert.Matches("etcdserver: request timed out|context deadline exceeded", write.Error);
        using var http = new HttpClient();
        var reason = await UntilAsync(
            async () => await (await http.GetAsync(new Uri($"http://{_servers[0].Endpoint}/health"))).Content.ReadAsStringAsync(),
            static body => body.Contains("RAFT NO LEADER", StringComparison.Ordinal));
        Assert.Equal("{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}\n", reason);
        Assert.Equal(200, (int)(await http.GetAsync(new Uri($"http://{_servers[0].Endpoint}/livez"))).StatusCode);
        Assert.Equal(503, (int)(await http.GetAsync(new Uri($"http://{_servers[0].Endpoint}/readyz"))).StatusCode);
        Assert.Contains("etcdserver: no leader", await CtlAt(0, "endpoint", "status", "-w", "json"), StringComparison.Ordinal);
        await Task.WhenAll(_servers[1].LaunchAsync(), _servers[2].LaunchAsync());
        Assert.Equal("OK\n", await CtlAt(0, "put", "k", "x"));
    }

    [InteropFact("etcdctl")]
    public async Task Streams_that_asked_for_a_leader_end_when_there_is_none_and_the_others_go_on_when_there_is_one_again()
    {
        const string Watch = "/etcdserverpb.Watch/Watch", KeepAlive = "/etcdserverpb.Lease/LeaseKeepAlive";
        (string, string) hasLeader = ("hasleader", "true");
        await CtlAt(0, "put", "k", "v");
        var lease = Convert.ToInt64((await CtlAt(0, "lease", "grant", "1000")).Split(' ')[1], 16);
        var create = new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8("k") } }.ToByteArray();
        var renew = new LeaseKeepAliveRequest { ID = lease }.ToByteArray();
        var endpoint = _servers[0].Endpoint;
        using var watchLeader = new OpenCall(endpoint, Watch, hasLeader);
        using var watchAny = new OpenCall(endpoint, Watch);
        using var keepLeader = new OpenCall(endpoint, KeepAlive, hasLeader);
        using var keepAny = new OpenCall(endpoint, KeepAlive);
        foreach (var (call, request) in ((OpenCall, byte[])[])[(watchLeader, create), (watchAny, create), (keepLeader, renew), (keepAny, renew)])
        {
            await call.SendAsync(request);
            Assert.NotNull(await call.NextAsync());
        }
        using var ctl = Command.Start("etcdctl", ["--endpoints", endpoint, "watch", "k", "--rev=2"], _api3);      // asks for a leader as well
        Assert.Equal("PUT", await ctl.StandardOutput.ReadLineAsync());

        await Task.WhenAll(_servers[1].KillAsync(), _servers[2].KillAsync());
        foreach (var call in (OpenCall[])[watchLeader, keepLeader])
        {
            Assert.Null(await call.NextAsync());
            Assert.Equal("14 etcdserver: no leader", await call.StatusAsync());
        }
        using var late = new OpenCall(endpoint, Watch, hasLeader);
        Assert.Null(await late.NextAsync());
        Assert.Equal("14 etcdserver: no leader", await late.StatusAsync());
        Assert.Contains("etcdserver: no leader", await ctl.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        await ctl.WaitForExitAsync();

        var (next, kept) = (watchAny.NextAsync(), keepAny.NextAsync());
        await Task.WhenAll(_servers[1].LaunchAsync(), _servers[2].LaunchAsync());
        Assert.False(next.IsCompleted || kept.IsCompleted);
        await UntilAsync(() => RunAt(endpoint, "put", "k", "w"), static put => put.ExitCode == 0);
        Assert.Equal("w", WatchResponse.Parser.ParseFrom(await next).Events.Single().Kv.Value.ToStringUtf8());
        await keepAny.SendAsync(renew);
        Assert.Equal(1000, LeaseKeepAliveResponse.Parser.ParseFrom(await kept).TTL);

        // Two peers were down for seconds, and tried several times each: it is logged once, and once that they are back.
        var log = _servers[0].Log.Split('\n');
        Assert.InRange(log.Count(static line => line.Contains("gated for", StringComparison.Ordinal)), 2, 8);
        Assert.InRange(log.Count(static line => line.Contains("is up again", StringComparison.Ordinal)), 2, 8);
    }

    [InteropFact("etcdctl")]
    public async Task A_learner_is_added_catches_up_is_promoted_and_removed()
    {
        await CtlAt(0, "put", "k", "v");
        var learner = KvServer.Prepare("d");
        _servers.Add(learner);
        var early = await RunAt(_servers[0].Endpoint, "member", "add", "d", "--learner", $"--peer-urls={learner.PeerUrl}");
        if (early.ExitCode != 0)
        {
            // A member answers this until it has been connected to the others for 5 s.
            Assert.Contains("etcdserver: unhealthy cluster", early.Error, StringComparison.Ordinal);
            early = await UntilAsync(
                () => RunAt(_servers[0].Endpoint, "member", "add", "d", "--learner", $"--peer-urls={learner.PeerUrl}"), static added => added.ExitCode == 0);
        }
        var added = early.Succeeded();
        Assert.Matches("^Member +[0-9a-f]+ added to cluster +[0-9a-f]+\n", added);
        var id = added.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var again = await RunAt(_servers[1].Endpoint, "member", "add", "e", "--learner", $"--peer-urls=http://127.0.0.1:{FreePorts.Next()}");
        Assert.Contains("etcdserver: too many learner members in cluster", again.Error, StringComparison.Ordinal);
        var soon = await RunAt(_servers[1].Endpoint, "member", "promote", id);
        Assert.Contains("etcdserver: can only promote a learner member which is in sync with leader", soon.Error, StringComparison.Ordinal);

        learner.UseFlags("--initial-cluster-state=existing", $"--initial-cluster={string.Join(',', _servers.Select(static s => $"{s.Name}={s.PeerUrl}"))}");
        await learner.LaunchAsync();
        var put = await RunAt(learner.Endpoint, "put", "k", "w");
        Assert.Contains("etcdserver: rpc not supported for learner", put.Error, StringComparison.Ordinal);
        Assert.Contains("etcdserver: rpc not supported for learner", (await RunAt(learner.Endpoint, "get", "k")).Error, StringComparison.Ordinal);
        Assert.Equal("k\nv\n", await UntilAsync(async () => (await RunAt(learner.Endpoint, "get", "k", "--consistency=s")).Output, static read => read.Length > 0));
        Assert.True((await StatusAsync(learner.Endpoint)).Single().IsLearner);

        var promoted = await UntilAsync(() => RunAt(_servers[2].Endpoint, "member", "promote", id), static result => result.ExitCode == 0);
        Assert.Matches($"^Member +{id} promoted in cluster +[0-9a-f]+\n", promoted.Output);
        Assert.Equal("OK\n", await UntilAsync(async () => (await RunAt(learner.Endpoint, "put", "k", "w")).Output, static output => output.Length > 0));
        Assert.Contains("etcdserver: can only promote a learner member", (await RunAt(learner.Endpoint, "member", "promote", id)).Error, StringComparison.Ordinal);

        var removed = await UntilAsync(() => RunAt(_servers[0].Endpoint, "member", "remove", id), static result => result.ExitCode == 0);
        Assert.Matches($"^Member +{id} removed from cluster +[0-9a-f]+\n", removed.Output);
        Assert.Equal(0, await learner.EndAsync());
        Assert.Contains("the member has been permanently removed from the cluster", learner.Log, StringComparison.Ordinal);
        Assert.Contains("etcdserver: member not found", (await RunAt(_servers[0].Endpoint, "member", "remove", id)).Error, StringComparison.Ordinal);
        Assert.Equal("k\nw\n", await CtlAt(1, "get", "k"));
    }

    private Task<string> CtlAt(int server, params string[] arguments) => CtlAsync(_servers[server].Endpoint, arguments);

    private static async Task<string> CtlAsync(string endpoints, params string[] arguments) => (await RunAt(endpoints, arguments)).Succeeded();

    private static Task<CommandResult> RunAt(string endpoints, params string[] arguments) =>
        Command.RunAsync("etcdctl", ["--endpoints", endpoints, .. arguments], variables: _api3);

    /// <summary>Asks until the answer is as wanted: for what members settle among themselves.</summary>
    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        while (true)
        {
            var answer = await ask();
            if (wanted(answer))
            {
                return answer;
            }
            Assert.False(patience.IsCancellationRequested, $"still {answer} after 40 s");
        }
    }

    private sealed record MemberStatus(string Endpoint, ulong Id, ulong Leader, ulong RaftIndex, ulong Applied, bool IsLearner);

    private static async Task<IReadOnlyList<MemberStatus>> StatusAsync(string endpoints) =>
    [
        .. JsonSerializer.Deserialize<JsonElement[]>(await CtlAsync(endpoints, "endpoint", "status", "-w", "json"))!.Select(static item =>
        {
            var status = item.GetProperty("Status");
            return new MemberStatus(
                item.GetProperty("Endpoint").GetString()!, status.GetProperty("header").GetProperty("member_id").GetUInt64(), Number(status, "leader"),
                Number(status, "raftIndex"), Number(status, "raftAppliedIndex"), status.TryGetProperty("isLearner", out var learner) && learner.GetBoolean());
        }),
    ];

    private static ulong Number(JsonElement status, string name) => status.TryGetProperty(name, out var number) ? number.GetUInt64() : 0;
}

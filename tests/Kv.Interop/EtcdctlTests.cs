using System.Text.Json;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Interop;

/// <summary>Debian's etcdctl against the real process: a stranger's first hour.</summary>
public sealed class EtcdctlTests : IAsyncLifetime
{
    private KvServer _server = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync() => _server = await KvServer.StartAsync();

    /// <inheritdoc/>
    public async Task DisposeAsync() => await _server.DisposeAsync();

    [InteropFact("etcdctl")]
    public async Task Put_get_and_delete_print_what_they_print_against_etcd()
    {
        Assert.Equal("OK\n", await Ctl("put", "greeting", "hello"));
        Assert.Equal("greeting\nhello\n", await Ctl("get", "greeting"));
        Assert.Equal("OK\ngreeting\nhello\n", await Ctl("put", "--prev-kv", "greeting", "hello again"));
        Assert.Equal("hello again\n", await Ctl("get", "greeting", "--print-value-only"));
        Assert.Equal("greeting\nhello\n", await Ctl("get", "greeting", "--rev=2"));
        await Ctl("put", "a/1", "x");
        await Ctl("put", "a/2", "y");
        Assert.Equal("a/2\ny\na/1\nx\n", await Ctl("get", "--prefix", "a/", "--order=DESCEND", "--sort-by=KEY"));
        Assert.Equal("a/1\n\n", await Ctl("get", "--prefix", "a/", "--keys-only", "--limit=1"));
        Assert.Equal("2\n", await Ctl("del", "--prefix", "a/"));
        Assert.Equal("0\n", await Ctl("del", "a/1"));
    }

    [InteropFact("etcdctl")]
    public async Task A_transaction_takes_the_branch_its_compare_says()
    {
        await Ctl("put", "k", "1");
        const string Txn = "value(\"k\") = \"1\"\n\nput k 2\nget k\n\nput k other\n\n";
        Assert.Equal("SUCCESS\n\nOK\n\nk\n2\n", (await Run(Txn, "txn")).Succeeded());
        Assert.StartsWith("FAILURE\n\nOK", (await Run(Txn, "txn")).Succeeded(), StringComparison.Ordinal);
    }

    [InteropFact("etcdctl")]
    public async Task A_watch_from_an_old_revision_sees_every_event_in_order()
    {
        await Ctl("put", "w", "1");
        await Ctl("put", "w", "2");
        await Ctl("del", "w");
        using var watch = Command.Start("etcdctl", ["--endpoints", _server.Endpoint, "watch", "w", "--rev=2"], Api3);
        var lines = new List<string?>();
        for (var i = 0; i < 8; i++)
        {
            lines.Add(await watch.StandardOutput.ReadLineAsync());
        }
        Assert.Equal(["PUT", "w", "1", "PUT", "w", "2", "DELETE", "w"], lines);
        await Ctl("put", "w", "3");
        Assert.Equal("", await watch.StandardOutput.ReadLineAsync());      // a delete's empty value ends its block
        Assert.Equal("PUT", await watch.StandardOutput.ReadLineAsync());
        watch.Kill();
        await watch.WaitForExitAsync();
    }

    [InteropFact("etcdctl")]
    public async Task A_lease_is_granted_kept_alive_listed_and_takes_its_keys_along()
    {
        var granted = await Ctl("lease", "grant", "100");
        var id = granted.Split(' ')[1];
        Assert.Equal($"lease {id} granted with TTL(100s)\n", granted);
        await Ctl("put", "--lease", id, "leased", "v");
        Assert.Contains("leased", await Ctl("lease", "timetolive", id, "--keys"), StringComparison.Ordinal);
        Assert.Equal($"lease {id} keepalived with TTL(100)\n", await Ctl("lease", "keep-alive", "--once", id));
        Assert.Equal($"found 1 leases\n{id}\n", await Ctl("lease", "list"));
        Assert.Equal($"lease {id} revoked\n", await Ctl("lease", "revoke", id));
        Assert.Equal("", await Ctl("get", "leased"));
        var unknown = await Run(null, "lease", "revoke", id);
        Assert.NotEqual(0, unknown.ExitCode);
        Assert.Contains("etcdserver: requested lease not found", unknown.Error, StringComparison.Ordinal);
    }

    [InteropFact("etcdctl")]
    public async Task A_lease_that_nobody_keeps_alive_expires()
    {
        var id = (await Ctl("lease", "grant", "2")).Split(' ')[1];
        await Ctl("put", "--lease", id, "soon-gone", "v");
        using var watch = Command.Start("etcdctl", ["--endpoints", _server.Endpoint, "watch", "soon-gone"], Api3);
        Assert.Equal("DELETE", await watch.StandardOutput.ReadLineAsync());
        watch.Kill();
        await watch.WaitForExitAsync();
        Assert.Equal("", await Ctl("get", "soon-gone"));
    }

    [InteropFact("etcdctl")]
    public async Task Compaction_removes_old_revisions_with_etcds_words()
    {
        for (var i = 0; i < 5; i++)
        {
            await Ctl("put", "c", $"{i}");
        }
        Assert.Equal("compacted revision 5\n", await Ctl("compact", "5", "--physical"));
        var old = await Run(null, "get", "c", "--rev=4");
        Assert.Contains("etcdserver: mvcc: required revision has been compacted", old.Error, StringComparison.Ordinal);
        Assert.Equal("c\n3\n", await Ctl("get", "c", "--rev=5"));
        var future = await Run(null, "get", "c", "--rev=1000");
        Assert.Contains("etcdserver: mvcc: required revision is a future revision", future.Error, StringComparison.Ordinal);
    }

    [InteropFact("etcdctl", "etcd")]
    public async Task A_snapshot_is_read_by_etcdctl_and_restored_into_etcd()
    {
        for (var i = 0; i < 300; i++)
        {
            await Ctl("put", $"s/{i:d4}", new string('v', i * 37));
        }
        var lease = (await Ctl("lease", "grant", "1000")).Split(' ')[1];
        await Ctl("put", "--lease", lease, "s/leased", "x");
        await Ctl("del", "s/0007");
        var file = Path.Combine(_server.Scratch, "saved.db");
        await Ctl("snapshot", "save", file);
        using var status = JsonDocument.Parse(await Ctl("snapshot", "status", file, "-w", "json"));
        Assert.Equal(303, status.RootElement.GetProperty("revision").GetInt64());

        var (client, peer) = (FreePorts.Next(), FreePorts.Next());
        var data = Path.Combine(_server.Scratch, "restored");
        (await Command.RunAsync("etcdctl",
            ["snapshot", "restore", file, "--data-dir", data, "--name", "r", "--initial-cluster", $"r=http://127.0.0.1:{peer}",
             "--initial-advertise-peer-urls", $"http://127.0.0.1:{peer}"], variables: Api3)).Succeeded();
        using var etcd = Command.Start("etcd",
            ["--data-dir", data, "--name", "r", "--listen-client-urls", $"http://127.0.0.1:{client}", "--advertise-client-urls", $"http://127.0.0.1:{client}",
             "--listen-peer-urls", $"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{peer}",
             "--initial-cluster", $"r=http://127.0.0.1:{peer}", "--log-level", "error"]);
        try
        {
            string[] at = ["--endpoints", $"127.0.0.1:{client}", "--dial-timeout", "20s", "--command-timeout", "30s"];
            var restored = (await Command.RunAsync("etcdctl", [.. at, "get", "--prefix", "s/", "-w", "json"], variables: Api3)).Succeeded();
            using var theirs = JsonDocument.Parse(restored);
            using var ours = JsonDocument.Parse(await Ctl("get", "--prefix", "s/", "-w", "json"));
            Assert.Equal(ours.RootElement.GetProperty("kvs").ToString(), theirs.RootElement.GetProperty("kvs").ToString());
            var leases = (await Command.RunAsync("etcdctl", [.. at, "lease", "list"], variables: Api3)).Succeeded();
            Assert.Contains(lease, leases, StringComparison.Ordinal);
        }
        finally
        {
            etcd.Kill();
            await etcd.WaitForExitAsync();
        }
    }

    [InteropFact("etcdctl")]
    public async Task Status_health_members_hash_alarm_and_defrag_answer_as_etcds_do()
    {
        await Ctl("put", "k", "v");
        using var status = JsonDocument.Parse(await Ctl("endpoint", "status", "-w", "json"));
        var one = status.RootElement[0].GetProperty("Status");
        Assert.Equal("3.6.8", one.GetProperty("version").GetString());
        Assert.Equal(one.GetProperty("header").GetProperty("member_id").GetUInt64(), one.GetProperty("leader").GetUInt64());
        var health = await Run(null, "endpoint", "health");
        Assert.Contains("is healthy: successfully committed proposal", health.Output + health.Error, StringComparison.Ordinal);
        var members = await Ctl("member", "list");
        Assert.Contains($"started, default, http://127.0.0.1:{_server.PeerPort}, http://{_server.Endpoint}, false", members, StringComparison.Ordinal);
        using var hash = JsonDocument.Parse(await Ctl("endpoint", "hashkv", "-w", "json"));
        Assert.NotEqual(0u, hash.RootElement[0].GetProperty("HashKV").GetProperty("hash").GetUInt32());
        Assert.Equal("", await Ctl("alarm", "list"));
        Assert.Contains("Finished defragmenting etcd member", await Ctl("defrag"), StringComparison.Ordinal);
        Assert.Equal("k\nv\n", await Ctl("get", "k"));
    }

    [InteropFact("etcdctl")]
    public async Task Endpoints_may_be_urls_in_every_command()
    {
        string[] at = ["--endpoints", $"http://{_server.Endpoint}"];
        foreach (var command in (string[][])[["put", "k", "v"], ["get", "k"], ["endpoint", "status"], ["endpoint", "hashkv"], ["endpoint", "health"], ["defrag"], ["alarm", "list"]])
        {
            (await Command.RunAsync("etcdctl", [.. at, .. command], variables: Api3)).Succeeded();
        }
    }

    [InteropFact("etcdctl", "etcd")]
    public async Task HashKV_is_etcds_own_for_the_same_writes()
    {
        var (client, peer) = (FreePorts.Next(), FreePorts.Next());
        using var etcd = Command.Start("etcd",
            ["--data-dir", Path.Combine(_server.Scratch, "etcd"), "--listen-client-urls", $"http://127.0.0.1:{client}", "--advertise-client-urls", $"http://127.0.0.1:{client}",
             "--listen-peer-urls", $"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{peer}",
             "--initial-cluster", $"default=http://127.0.0.1:{peer}", "--log-level", "error"]);
        try
        {
            var hashes = new List<uint>();
            foreach (var endpoint in (string[])[$"127.0.0.1:{client}", _server.Endpoint])
            {
                async Task<string> At(params string[] arguments) => (await Command.RunAsync(
                    "etcdctl", ["--endpoints", endpoint, "--dial-timeout", "20s", "--command-timeout", "30s", .. arguments], variables: Api3)).Succeeded();
                for (var i = 0; i < 20; i++)
                {
                    await At("put", $"k{i % 7}", $"value {i}");
                }
                await At("del", "k3");
                await At("put", "k3", "again");
                await At("del", "k4");
                await At("compact", "15", "--physical");
                using var hash = JsonDocument.Parse(await At("endpoint", "hashkv", "-w", "json"));
                hashes.Add(hash.RootElement[0].GetProperty("HashKV").GetProperty("hash").GetUInt32());
            }
            Assert.Equal(hashes[0], hashes[1]);
        }
        finally
        {
            etcd.Kill();
            await etcd.WaitForExitAsync();
        }
    }

    [InteropFact("etcdctl")]
    public async Task Locks_and_elections_built_by_the_client_work()
    {
        var locked = await Run(null, "lock", "mutex", "echo", "held");
        Assert.Equal("held\n", locked.Succeeded());
        using var leader = Command.Start("etcdctl", ["--endpoints", _server.Endpoint, "elect", "office", "alice"], Api3);
        Assert.StartsWith("office/", await leader.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Equal("alice", await leader.StandardOutput.ReadLineAsync());
        leader.Kill();
        await leader.WaitForExitAsync();
    }

    private static readonly Dictionary<string, string> Api3 = new() { ["ETCDCTL_API"] = "3" };

    private async Task<string> Ctl(params string[] arguments) => (await Run(null, arguments)).Succeeded();

    private Task<CommandResult> Run(string? input, params string[] arguments) =>
        Command.RunAsync("etcdctl", ["--endpoints", _server.Endpoint, .. arguments], input, Api3);
}

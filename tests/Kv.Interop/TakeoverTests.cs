using System.Diagnostics;
using System.Text.Json;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Interop;

/// <summary>Directories that a real etcd made: taken over with all that is in them, or refused and left as they were.</summary>
public sealed class TakeoverTests : IDisposable
{
    private static readonly Dictionary<string, string> Api3 = new() { ["ETCDCTL_API"] = "3" };
    private readonly string _scratch = Directory.CreateTempSubdirectory("kv-takeover-").FullName;
    private readonly int _client = FreePorts.Next();
    private readonly int _peer = FreePorts.Next();

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    private string Data => Path.Combine(_scratch, "data");

    private string Endpoint => $"127.0.0.1:{_client}";

    [InteropFact("etcdctl", "etcd")]
    public async Task A_restored_snapshot_is_taken_over_with_every_key_revision_and_lease()
    {
        string keys, lease, saved = Path.Combine(_scratch, "snapshot.db");
        using (var etcd = StartEtcd(Path.Combine(_scratch, "origin")))
        {
            lease = await FillAsync();
            keys = await Ctl("get", "", "--from-key", "-w", "json");
            await Ctl("snapshot", "save", saved);
            await KillAsync(etcd);
        }
        (await Command.RunAsync("etcdctl",
            ["snapshot", "restore", saved, "--data-dir", Data, "--name", "m1", "--initial-cluster", $"m1=http://127.0.0.1:{_peer}",
             "--initial-advertise-peer-urls", $"http://127.0.0.1:{_peer}", "--initial-cluster-token", "moved"], variables: Api3)).Succeeded();
        var before = Digest(Path.Combine(Data, "member"));

        var wrong = await RunOursAsync("--name=m1", "--initial-cluster-token=another");
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("it cannot be taken over: it belongs to member", wrong.Output + wrong.Error, StringComparison.Ordinal);
        Assert.Equal(before, Digest(Path.Combine(Data, "member")));

        using (var ours = await StartOursAsync("--name=m1", "--initial-cluster-token=moved"))
        {
            Assert.Contains("took over a data directory of etcd's", ours.Log, StringComparison.Ordinal);
            await HasAllAsync(keys, lease);
            await Ctl("put", "after", "the move");
            await ours.KillAsync();
        }
        Assert.Equal(before, Digest(Path.Combine(Data, "member"), ".etcd-taken-over"));
        using (var again = await StartOursAsync("--name=m1", "--initial-cluster-token=moved"))
        {
            Assert.Equal("after\nthe move\n", await Ctl("get", "after"));
            Assert.DoesNotContain("took over", again.Log, StringComparison.Ordinal);
            Assert.Contains("started, m1", await Ctl("member", "list"), StringComparison.Ordinal);
            await again.KillAsync();
        }
    }

    [InteropFact("etcdctl", "etcd")]
    public async Task A_lone_etcd_that_was_stopped_cleanly_is_taken_over_and_one_that_runs_or_was_killed_is_refused()
    {
        string keys, lease;
        using (var etcd = StartEtcd(Data))
        {
            lease = await FillAsync();
            var running = await RunOursAsync();
            Assert.Equal(1, running.ExitCode);
            Assert.Contains("another process is using this directory", running.Output + running.Error, StringComparison.Ordinal);
            await Ctl("put", "last", "before the kill");
            await KillAsync(etcd);
        }
        var before = Digest(Path.Combine(Data, "member"));
        var killed = await RunOursAsync();
        Assert.Equal(1, killed.ExitCode);
        Assert.Contains("that its database (index", killed.Output + killed.Error, StringComparison.Ordinal);
        Assert.Equal(before, Digest(Path.Combine(Data, "member")));

        using (var etcd = StartEtcd(Data))
        {
            keys = await Ctl("get", "", "--from-key", "-w", "json");
            (await Command.RunAsync("kill", ["-TERM", $"{etcd.Id}"])).Succeeded();
            await etcd.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }
        using var ours = await StartOursAsync();
        await HasAllAsync(keys, lease);
        Assert.Equal("last\nbefore the kill\n", await Ctl("get", "last"));
        await ours.KillAsync();
    }

    /// <summary>Writes, overwrites, deletes, compacts and grants; gives the lease's id.</summary>
    private async Task<string> FillAsync()
    {
        for (var i = 0; i < 30; i++)
        {
            await Ctl("put", $"k{i % 11}", $"value {i}");
        }
        await Ctl("del", "k3");
        await Ctl("compact", "12");
        var lease = (await Ctl("lease", "grant", "3600")).Split(' ')[1];
        await Ctl("put", "leased", "v", $"--lease={lease}");
        await Ctl("put", "k3", "again");
        return lease;
    }

    private async Task HasAllAsync(string keys, string lease)
    {
        using var theirs = JsonDocument.Parse(keys);
        using var ours = JsonDocument.Parse(await Ctl("get", "", "--from-key", "-w", "json"));
        Assert.Equal(theirs.RootElement.GetProperty("kvs").ToString(), ours.RootElement.GetProperty("kvs").ToString());
        Assert.Equal(theirs.RootElement.GetProperty("header").GetProperty("revision").GetInt64(), ours.RootElement.GetProperty("header").GetProperty("revision").GetInt64());
        var left = await Ctl("lease", "timetolive", lease, "--keys");
        Assert.Contains("granted with TTL(3600s)", left, StringComparison.Ordinal);
        Assert.Contains("leased", left, StringComparison.Ordinal);
    }

    private Process StartEtcd(string data)
    {
        var etcd = Command.Start("etcd",
            ["--data-dir", data, "--listen-client-urls", $"http://{Endpoint}", "--advertise-client-urls", $"http://{Endpoint}",
             "--listen-peer-urls", $"http://127.0.0.1:{_peer}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{_peer}",
             "--initial-cluster", $"default=http://127.0.0.1:{_peer}", "--log-level", "error",
             "--backend-batch-interval", "1h"]);               // what it is killed with is then in its log alone
        etcd.ErrorDataReceived += static (_, _) => { };
        etcd.BeginErrorReadLine();
        return etcd;
    }

    private static async Task KillAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    private string[] Flags(string[] more) =>
    [
        KvServer.Assembly(), "--data-dir", Data, $"--listen-client-urls=http://{Endpoint}", $"--advertise-client-urls=http://{Endpoint}",
        $"--listen-peer-urls=http://127.0.0.1:{_peer}", $"--initial-advertise-peer-urls=http://127.0.0.1:{_peer}",
        $"--initial-cluster={(more.Contains("--name=m1") ? "m1" : "default")}=http://127.0.0.1:{_peer}", .. more,
    ];

    private Task<CommandResult> RunOursAsync(params string[] more) => Command.RunAsync("dotnet", Flags(more));

    private async Task<Ours> StartOursAsync(params string[] more)
    {
        var ours = new Ours(Command.Start("dotnet", Flags(more)));
        await ours.Ready.WaitAsync(TimeSpan.FromMinutes(1));
        return ours;
    }

    private async Task<string> Ctl(params string[] arguments) => (await Command.RunAsync(
        "etcdctl", ["--endpoints", Endpoint, "--dial-timeout", "20s", "--command-timeout", "30s", .. arguments], variables: Api3)).Succeeded();

    /// <summary>Path below a folder and SHA-256 of each of etcd's files, whose names have <paramref name="suffix"/> behind them.</summary>
    private static string Digest(string folder, string suffix = "") => string.Join('\n', Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Where(file => file.EndsWith($".wal{suffix}", StringComparison.Ordinal) || file.EndsWith($".snap{suffix}", StringComparison.Ordinal) || Path.GetFileName(file) == $"db{suffix}")
        .Order(StringComparer.Ordinal)
        .Select(file => $"{Path.GetRelativePath(folder, file)[..^suffix.Length]} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}"));

    /// <summary>The gateway on a directory of the test's.</summary>
    private sealed class Ours : IDisposable
    {
        private readonly Process _process;
        private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<string> _log = [];

        public Ours(Process process)
        {
            _process = process;
            process.ErrorDataReceived += (_, line) => Keep(line.Data);
            process.OutputDataReceived += (_, line) => Keep(line.Data);
            process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"it ended with {process.ExitCode}:\n{Log}"));
            process.EnableRaisingEvents = true;
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
        }

        public Task Ready => _ready.Task;

        public string Log
        {
            get
            {
                lock (_log)
                {
                    return string.Join('\n', _log);
                }
            }
        }

        public Task KillAsync() => TakeoverTests.KillAsync(_process);

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
                _process.WaitForExit();
            }
            _process.Dispose();
        }

        private void Keep(string? line)
        {
            lock (_log)
            {
                _log.Add(line ?? "");
            }
            if (line?.Contains("ready to serve client requests", StringComparison.Ordinal) == true)
            {
                _ready.TrySetResult();
            }
        }
    }
}

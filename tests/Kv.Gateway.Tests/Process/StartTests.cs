using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Gateway.Protos.Etcdserverpb;
using Kv.Gateway.Tests.Config;
using Kv.Testing;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Gateway.Tests.Process;

/// <summary>How the real process begins and ends: what keeps it from starting is said in one line, with exit code 1 or 2.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("kv-start-").FullName;

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Fact]
    public async Task A_data_directory_in_use_is_refused()
    {
        await using var first = await KvServer.StartAsync();
        var second = await RefusedAsync("--data-dir", first.DataDir);
        Assert.Contains("another process is using this directory", second, StringComparison.Ordinal);
        await PutAsync(first.Endpoint, "still", "here");
    }

    [Fact]
    public async Task A_port_in_use_is_refused()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        var text = await RefusedAsync($"--listen-client-urls={url}", $"--advertise-client-urls={url}");
        Assert.Contains("address already in use", text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_https_peer_url_needs_a_certificate_that_can_be_read()
    {
        var peer = $"https://127.0.0.1:{FreePorts.Next()}";
        string[] urls = [$"--listen-peer-urls={peer}", $"--initial-advertise-peer-urls={peer}", $"--initial-cluster=default={peer}"];
        Assert.Contains($"cannot listen on TLS for {peer}: KeyFile and CertFile are not presented", await RefusedAsync(urls), StringComparison.Ordinal);
        Assert.Contains("cannot read the peer certificate none.pem", await RefusedAsync([.. urls, "--peer-cert-file=none.pem", "--peer-key-file=none-key.pem"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_port_in_use_is_refused()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var peer = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        var text = await RefusedAsync($"--listen-peer-urls={peer}", $"--initial-advertise-peer-urls={peer}", $"--initial-cluster=default={peer}");
        Assert.Contains("address already in use", text, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Asked at the first start only: see the next test.</summary>
    [Theory]
    [InlineData("--initial-cluster=x=http://127.0.0.1:1", "couldn't find local name \\\"default\\\" in the initial cluster configuration")]
    [InlineData("--initial-cluster=default=http://127.0.0.1:1", "--initial-cluster has default=http://127.0.0.1:1 but missing from --initial-advertise-peer-urls=")]
    [InlineData("--initial-cluster=default=http://127.0.0.1:1,x=http://127.0.0.1:1 --initial-advertise-peer-urls=http://127.0.0.1:1", "initial cluster default=http://127.0.0.1:1,x=http://127.0.0.1:1 has duplicate url")]
    [InlineData("--initial-cluster=default=http://127.0.0.1:1,default=http://127.0.0.1:2 --initial-advertise-peer-urls=http://127.0.0.1:1", "--initial-cluster has default=http://127.0.0.1:2 but missing from --initial-advertise-peer-urls=http://127.0.0.1:1")]
    public async Task A_first_start_in_a_cluster_that_does_not_fit_is_refused_in_etcd_s_words(string flags, string text)
    {
        Assert.Contains(text, await RefusedAsync(flags.Split(' ')), StringComparison.Ordinal);
        var wal = Path.Combine(_scratch, "data", "member", "wal");
        Assert.Empty(Directory.Exists(wal) ? Directory.GetFiles(wal, "*.wal") : []);
    }

    [Fact]
    public async Task A_restart_does_not_look_at_what_the_first_start_was_told()
    {
        await using var server = await KvServer.StartAsync();
        await PutAsync(server.Endpoint, "still", "here");
        await server.KillAsync();
        server.UseFlags("--initial-cluster=someone=http://127.0.0.1:1", "--initial-cluster-state=existing");
        await server.LaunchAsync();
        Assert.Equal("here", await GetAsync(server.Endpoint, "still"));
    }

    [Fact]
    public async Task A_member_that_is_found_by_dns_starts_and_one_that_is_not_says_so()
    {
        var server = KvServer.Prepare("me");
        await using var dns = new DnsResponder().Service("_etcd-server._tcp.example.test", "localhost", server.PeerPort).Start();
        var hocon = Path.Combine(_scratch, "dns.conf");
        await File.WriteAllTextAsync(hocon, $"kv.cluster.dns-server = \"{dns.EndPoint}\"");
        server.UseFlags("--discovery-srv=example.test", $"--hocon={hocon}");
        await using (server)
        {
            await server.LaunchAsync();
            Assert.Contains("got bootstrap from DNS", server.Log, StringComparison.Ordinal);
            await PutAsync(server.Endpoint, "found", "by name");
        }
        Assert.Contains("error querying DNS SRV records for _etcd-server no such host", await RefusedAsync("--initial-cluster=", "--discovery-srv=none.test", $"--hocon={hocon}"), StringComparison.Ordinal);
    }

    /// <summary>etcd's force-new-cluster: the data stays, the other members go, whatever they were.</summary>
    [Fact]
    public async Task A_member_whose_others_are_lost_goes_on_alone()
    {
        var lost = $"http://127.0.0.1:{FreePorts.Next()}";
        await using var server = await KvServer.StartAsync();
        await PutAsync(server.Endpoint, "still", "here");
        using (var channel = GrpcChannel.ForAddress($"http://{server.Endpoint}"))
        {
            await new Protos.Etcdserverpb.Cluster.ClusterClient(channel).MemberAddAsync(new MemberAddRequest { PeerURLs = { lost } });
            var without = await Assert.ThrowsAsync<RpcException>(() => new Protos.Etcdserverpb.KV.KVClient(channel).PutAsync(
                new PutRequest { Key = ByteString.CopyFromUtf8("no"), Value = ByteString.CopyFromUtf8("quorum") }, deadline: DateTime.UtcNow.AddSeconds(2)).ResponseAsync);
            Assert.Equal(StatusCode.DeadlineExceeded, without.StatusCode);
        }
        await server.KillAsync();
        server.UseFlags("--force-new-cluster");
        await server.LaunchAsync();
        Assert.Equal("here", await GetAsync(server.Endpoint, "still"));
        await PutAsync(server.Endpoint, "and", "on");
        using var alone = GrpcChannel.ForAddress($"http://{server.Endpoint}");
        Assert.Single((await new Protos.Etcdserverpb.Cluster.ClusterClient(alone).MemberListAsync(new MemberListRequest())).Members);
    }

    [Fact]
    public async Task A_file_in_the_place_of_the_data_directory_is_refused()
    {
        var file = Path.Combine(_scratch, "file");
        await File.WriteAllTextAsync(file, "not a directory");
        Assert.Contains(file, await RefusedAsync("--data-dir", file), StringComparison.Ordinal);
        Assert.Equal("not a directory", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task A_read_only_data_directory_is_refused()
    {
        var data = Path.Combine(_scratch, "ro");
        Directory.CreateDirectory(data);
        if (!await MountAsync(data, "ro,size=1m"))
        {
            (await Command.RunAsync("chmod", ["u=rx", data])).Succeeded();     // enough for who is not root
        }
        try
        {
            Assert.Contains(data, await RefusedAsync("--data-dir", data), StringComparison.Ordinal);
        }
        finally
        {
            await UnmountAsync(data);
            (await Command.RunAsync("chmod", ["u=rwx", data])).Succeeded();
        }
    }

    [Fact]
    public async Task A_directory_of_etcds_is_refused_and_left_alone()
    {
        var data = Path.Combine(_scratch, "etcd");
        Directory.CreateDirectory(Path.Combine(data, "member", "snap"));
        Directory.CreateDirectory(Path.Combine(data, "member", "wal"));
        await File.WriteAllBytesAsync(Path.Combine(data, "member", "snap", "db"), new byte[64]);
        await File.WriteAllBytesAsync(Path.Combine(data, "member", "wal", "0000000000000000-0000000000000000.wal"), new byte[64]);
        var before = Directory.GetFileSystemEntries(data, "*", SearchOption.AllDirectories).Order().ToArray();
        Assert.Contains("etcd made it", await RefusedAsync("--data-dir", data), StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFileSystemEntries(data, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public async Task A_directory_of_another_format_is_refused()
    {
        var data = Path.Combine(_scratch, "later");
        Directory.CreateDirectory(Path.Combine(data, "member"));
        await File.WriteAllTextAsync(Path.Combine(data, "member", "kvactors-format"), "kvactors-data 2\n");
        Assert.Contains("its format is 2, this program reads 1", await RefusedAsync("--data-dir", data), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_flag_names_the_nearest_and_exits_with_2()
    {
        var result = await RunAsync("--data-dri", _scratch);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("data-dir", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_and_help_print_and_exit_with_0()
    {
        var version = await RunAsync("--version");
        Assert.Equal(0, version.ExitCode);
        Assert.Matches(@"^etcd Version: \d+\.\d+\.\d+\n", version.Output);
        var help = await RunAsync("--help");
        Assert.Equal(0, help.ExitCode);
        Assert.Contains("--listen-client-urls", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unix_sockets_and_IPv6_are_listened_on_too()
    {
        var socket = Path.Combine(_scratch, "kv.sock");
        var port = FreePorts.Next();
        await using var server = await KvServer.StartAsync($"--listen-client-urls=unix://{socket},http://[::1]:{port}", $"--advertise-client-urls=http://[::1]:{port}");
        using var overUnix = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancel) =>
                {
                    var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
                    return new NetworkStream(connection, ownsSocket: true);
                },
            },
        });
        await new KV.KVClient(overUnix).PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8("k"), Value = ByteString.CopyFromUtf8("over the socket") });
        Assert.Equal("over the socket", await GetAsync($"[::1]:{port}", "k"));

        // A crash leaves the socket file behind; the next start takes it over.
        await server.KillAsync();
        Assert.True(File.Exists(socket));
        await server.LaunchAsync();
        Assert.Equal("over the socket", await GetAsync($"[::1]:{port}", "k"));
    }

    [Fact]
    public async Task SIGTERM_ends_it_within_two_seconds_though_a_watch_is_open()
    {
        await using var server = await KvServer.StartAsync();
        await PutAsync(server.Endpoint, "kept", "v");
        for (var attempt = 1; ; attempt++)
        {
            var ends = await EndsOfStreamsAsync(server);
            await server.LaunchAsync();
            Assert.Equal("v", await GetAsync(server.Endpoint, "kept"));
            // .NET's client forgets what an ended connection had brought if its reader wakes up after that end: then it is asked again.
            if (attempt == 5 || !ends.Exists(static end => end.Status.Detail.Contains("NO_ERROR", StringComparison.Ordinal)))
            {
                Assert.All(ends, static end => Assert.True(end is { StatusCode: StatusCode.Unavailable, Status.Detail: "etcdserver: server stopped" }, end.ToString()));
                return;
            }
        }
    }

    /// <summary>How a watch and a keep-alive end that are being read when the server is told to stop.</summary>
    private static async Task<List<RpcException>> EndsOfStreamsAsync(KvServer server)
    {
        using var channel = GrpcChannel.ForAddress($"http://{server.Endpoint}");
        using var watch = new Watch.WatchClient(channel).Watch();
        await watch.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8("k") } });
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        using var keeper = new Lease.LeaseClient(channel).LeaseKeepAlive();
        Task<bool>[] readers = [watch.ResponseStream.MoveNext(CancellationToken.None), keeper.ResponseStream.MoveNext(CancellationToken.None)];
        var started = TimeProvider.System.GetTimestamp();
        Assert.Equal(0, await server.TerminateAsync());
        var took = TimeProvider.System.GetElapsedTime(started);
        Assert.True(took < TimeSpan.FromSeconds(2), $"it took {took}\n{server.Log}");
        List<RpcException> ends = [];
        foreach (var reader in readers)
        {
            ends.Add(await Assert.ThrowsAsync<RpcException>(() => reader.WaitAsync(PatientTestKit.Patience)));
        }
        return ends;
    }

    /// <summary>A full disk: the node stops rather than go on without its log, and comes back with every write it acknowledged.</summary>
    [SmallDiskFact]
    public async Task A_full_disk_ends_the_node_and_loses_nothing_acknowledged()
    {
        var folder = Path.Combine(_scratch, "small");
        Directory.CreateDirectory(folder);
        await using var disk = await SmallDisk.MountAsync(folder, megabytes: 160);
        await using var server = await KvServer.StartUnderAsync(disk.Launcher, "--data-dir", $"{folder}/data");
        Assert.False(Directory.Exists($"{folder}/data"));     // out here the disk is not mounted: the server is on it
        await disk.ShellAsync($"cd {folder} && head -c $(( $(df --output=avail -B1 . | tail -1) - 6291456 )) /dev/zero > ballast");
        var acknowledged = 0;
        using (var channel = GrpcChannel.ForAddress($"http://{server.Endpoint}"))
        {
            var value = ByteString.CopyFrom(new byte[256 * 1024]);
            var failure = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                for (; acknowledged < 2000; acknowledged++)
                {
                    await new KV.KVClient(channel).PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8($"k{acknowledged}"), Value = value });
                }
            });
            Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        }
        Assert.True(acknowledged > 0);
        Assert.NotEqual(0, await server.EndAsync());
        Assert.Contains("no space left on the device", server.Log, StringComparison.Ordinal);

        await disk.ShellAsync($"rm {folder}/ballast");
        await server.LaunchAsync();
        for (var i = 0; i < acknowledged; i++)
        {
            Assert.Equal(256 * 1024, (await GetAsync(server.Endpoint, $"k{i}"))?.Length);
        }
        await PutAsync(server.Endpoint, "after", "v");
    }

    private static async Task<bool> MountAsync(string folder, string options) =>
        Command.Exists("mount") && (await Command.RunAsync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder])).ExitCode == 0;

    private static async Task UnmountAsync(string folder)
    {
        if ((await File.ReadAllTextAsync("/proc/mounts")).Contains($" {folder} ", StringComparison.Ordinal))
        {
            (await Command.RunAsync("umount", [folder])).Succeeded();
        }
    }

    /// <summary>Runs a start that must fail with exit code 1; gives what it printed.</summary>
    private async Task<string> RefusedAsync(params string[] flags)
    {
        var result = await RunAsync(flags);
        Assert.True(result.ExitCode == 1, $"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        return result.Output + result.Error;
    }

    /// <summary>Runs it on ports of its own to its end.</summary>
    private Task<CommandResult> RunAsync(params string[] flags)
    {
        var (client, peer) = ($"http://127.0.0.1:{FreePorts.Next()}", $"http://127.0.0.1:{FreePorts.Next()}");
        return Command.RunAsync("dotnet",
        [
            KvServer.Assembly(), "--data-dir", Path.Combine(_scratch, "data"), $"--listen-client-urls={client}", $"--advertise-client-urls={client}",
            $"--listen-peer-urls={peer}", $"--initial-advertise-peer-urls={peer}", $"--initial-cluster=default={peer}", .. flags,
        ]);
    }

    private static async Task PutAsync(string endpoint, string key, string value)
    {
        using var channel = GrpcChannel.ForAddress($"http://{endpoint}");
        await new KV.KVClient(channel).PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) });
    }

    private static async Task<string?> GetAsync(string endpoint, string key)
    {
        using var channel = GrpcChannel.ForAddress($"http://{endpoint}");
        var read = await new KV.KVClient(channel).RangeAsync(new RangeRequest { Key = ByteString.CopyFromUtf8(key) });
        return read.Kvs.Count == 0 ? null : Encoding.UTF8.GetString(read.Kvs[0].Value.Span);
    }
}

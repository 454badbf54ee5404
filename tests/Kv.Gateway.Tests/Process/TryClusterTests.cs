using System.Globalization;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Grpc.Net.Client;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Gateway.Protos.Etcdserverpb;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Gateway.Tests.Process;

/// <summary>The one command that starts a cluster, from its first line to its end.</summary>
public sealed partial class TryClusterTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    private readonly string _scratch = Directory.CreateTempSubdirectory("kv-try-").FullName;

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Fact]
    public async Task Three_members_start_heal_when_one_is_killed_and_end_together()
    {
        var port = FreePorts.Next(inARow: 22);                 // three pairs, ten apart
        using var cluster = Command.Start(
            "dotnet", [KvServer.Assembly(), "--try-cluster=3", $"--try-cluster-port={port}", "--data-dir", Path.Combine(_scratch, "kv-cluster")]);
        var said = new List<string>();
        try
        {
            await SaysAsync("the cluster is healthy; . leads");
            var b = Member.Match(said.Single(static line => line.StartsWith("  b  ", StringComparison.Ordinal)));
            Assert.Equal($"{port + 10}", b.Groups["port"].Value);
            using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
            var kv = new KV.KVClient(channel);
            await kv.PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8("k"), Value = ByteString.CopyFromUtf8("v") });

            (await Command.RunAsync("kill", ["-9", b.Groups["pid"].Value])).Succeeded();
            await SaysAsync(@"b has ended \(exit code 137\); it is started again in 5 s");
            await SaysAsync("b is started again, pid [0-9]+");
            await SaysAsync("the cluster is healthy; . leads");
            Assert.Equal("v", (await kv.RangeAsync(new RangeRequest { Key = ByteString.CopyFromUtf8("k") })).Kvs.Single().Value.ToStringUtf8());

            (await Command.RunAsync("kill", ["-TERM", cluster.Id.ToString(CultureInfo.InvariantCulture)])).Succeeded();
            await SaysAsync("stopped");
            await cluster.WaitForExitAsync().WaitAsync(_patience);
            Assert.Equal(0, cluster.ExitCode);
        }
        finally
        {
            if (!cluster.HasExited)
            {
                cluster.Kill(entireProcessTree: true);
                await cluster.WaitForExitAsync();
            }
        }

        async Task SaysAsync(string pattern)
        {
            while (await cluster.StandardOutput.ReadLineAsync().WaitAsync(_patience) is { } line)
            {
                said.Add(line);
                if (Regex.IsMatch(line, $"^{pattern}$"))
                {
                    return;
                }
            }
            Assert.Fail($"it never said {pattern}:\n{string.Join('\n', said)}");
        }
    }

    [GeneratedRegex(@"clients http://127\.0\.0\.1:(?<port>\d+) .* pid (?<pid>\d+)")]
    private static partial Regex Member { get; }
}

using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Gateway.Protos.Etcdserverpb;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Gateway.Tests.Process;

/// <summary>kill -9 of the real process under load: no acknowledged write lost, none applied twice.</summary>
/// <remarks><c>KV_CRASH_CYCLES</c> sets the number of cycles, 50 unless given; <c>KV_CRASH_SEED</c> repeats a run's pauses.</remarks>
public sealed class CrashTests
{
    private const int Writers = 16;

    /// <summary>
    /// Each writer puts the ordinal of its own key's puts, one at a time. After a crash the key must hold the last acknowledged
    /// ordinal, or the one that was on its way; and its version, which counts applied puts, must be that same ordinal.
    /// </summary>
    [Fact]
    public async Task No_acknowledged_write_is_lost_and_none_is_applied_twice()
    {
        var cycles = int.Parse(Environment.GetEnvironmentVariable("KV_CRASH_CYCLES") ?? "50", System.Globalization.CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("KV_CRASH_SEED") ?? $"{Environment.TickCount}", System.Globalization.CultureInfo.InvariantCulture);
        var random = new Random(seed);
        // Small segments and frequent checkpoints, so that crashes hit rolls and checkpoints too.
        await using var server = await KvServer.StartAsync("--snapshot-count=500");
        var applied = new long[Writers];
        var total = 0L;
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            var acknowledged = await LoadAndKillAsync(server, applied, TimeSpan.FromMilliseconds(random.Next(20, 400)));
            total += acknowledged.Sum() - applied.Sum();
            await server.LaunchAsync();
            using var channel = Connect(server);
            var kv = new KV.KVClient(channel);
            for (var writer = 0; writer < Writers; writer++)
            {
                var read = await kv.RangeAsync(new RangeRequest { Key = Key(writer) });
                var (ordinal, version) = read.Kvs.Count == 0 ? (0L, 0L) : (long.Parse(read.Kvs[0].Value.ToStringUtf8(), System.Globalization.CultureInfo.InvariantCulture), read.Kvs[0].Version);
                Assert.True(
                    ordinal >= acknowledged[writer] && ordinal <= acknowledged[writer] + 1 && version == ordinal,
                    $"seed {seed} cycle {cycle} writer {writer}: acknowledged {acknowledged[writer]}, found {ordinal} as version {version}\n{server.Log}");
                applied[writer] = ordinal;
            }
        }
        Assert.True(total > cycles, $"seed {seed}: only {total} writes were acknowledged in {cycles} cycles, so little was tested");
    }

    private static async Task<long[]> LoadAndKillAsync(KvServer server, long[] applied, TimeSpan load)
    {
        var acknowledged = (long[])applied.Clone();
        using var channel = Connect(server);
        var kv = new KV.KVClient(channel);
        var writers = Enumerable.Range(0, Writers).Select(async writer =>
        {
            while (true)
            {
                try
                {
                    await kv.PutAsync(new PutRequest
                    {
                        Key = Key(writer),
                        Value = ByteString.CopyFromUtf8($"{acknowledged[writer] + 1}"),
                    });
                }
                catch (RpcException)
                {
                    return;                                    // the kill: this put's fate is unknown
                }
                acknowledged[writer]++;
            }
        }).ToArray();
        await Task.Delay(load);                                // how much load precedes the crash is what is random here
        await server.KillAsync();
        await Task.WhenAll(writers);
        return acknowledged;
    }

    private static GrpcChannel Connect(KvServer server) => GrpcChannel.ForAddress($"http://{server.Endpoint}");

    private static ByteString Key(int writer) => ByteString.CopyFromUtf8($"crash/{writer}");
}

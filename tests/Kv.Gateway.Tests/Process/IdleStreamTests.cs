using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Gateway.Protos.Etcdserverpb;
using Kv.Gateway.Tests.Services;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Gateway.Tests.Process;

/// <summary>Ten thousand clients that mostly wait, against the real process.</summary>
[Collection(Alone.Name)]
public sealed class IdleStreamTests
{
    private const int Connections = 10;
    private const int StreamsEach = 1000;

    /// <summary>A stream that holds a buffer of its own would show.</summary>
    private const double MostKilobytesEach = 40;

    [Fact]
    public async Task Ten_thousand_idle_streams_cost_little_each_and_all_are_served()
    {
        await using var server = await KvServer.StartAsync();
        var channels = Enumerable.Range(0, Connections).Select(_ => GrpcChannel.ForAddress($"http://{server.Endpoint}")).ToList();
        var calls = new List<AsyncDuplexStreamingCall<WatchRequest, WatchResponse>>();
        try
        {
            await new KV.KVClient(channels[0]).PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8("idle"), Value = ByteString.CopyFromUtf8("before") });
            var before = await ResidentKilobytesAsync(server.Id);
            foreach (var channel in channels)
            {
                var opened = Enumerable.Range(0, StreamsEach).Select(_ => new Watch.WatchClient(channel).Watch()).ToList();
                calls.AddRange(opened);
                await Task.WhenAll(opened.Select(static async call =>
                {
                    await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8("idle") } });
                    Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
                    Assert.True(call.ResponseStream.Current.Created);
                })).WaitAsync(TimeSpan.FromMinutes(1));
            }
            var each = (await ResidentKilobytesAsync(server.Id) - before) / (Connections * StreamsEach);
            Assert.True(each < MostKilobytesEach, $"{each:0.0} KiB a stream");

            var told = calls.Select(static call => call.ResponseStream.MoveNext(CancellationToken.None)).ToList();
            var put = await new KV.KVClient(channels[0]).PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8("idle"), Value = ByteString.CopyFromUtf8("v") });
            Assert.All(await Task.WhenAll(told).WaitAsync(TimeSpan.FromMinutes(1)), Assert.True);
            Assert.All(calls, call => Assert.Equal(put.Header.Revision, call.ResponseStream.Current.Events.Single().Kv.ModRevision));
        }
        finally
        {
            calls.ForEach(static call => call.Dispose());
            channels.ForEach(static channel => channel.Dispose());
        }
    }

    private static async Task<double> ResidentKilobytesAsync(int process)
    {
        var line = (await File.ReadAllLinesAsync($"/proc/{process}/status")).Single(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}

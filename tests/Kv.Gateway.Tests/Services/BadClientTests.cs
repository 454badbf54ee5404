using Google.Protobuf;
using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;

namespace Kv.Gateway.Tests.Services;

/// <summary>Runs alone: it looks at how much memory this process holds.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>Clients that ask for much and take nothing.</summary>
[Collection(Alone.Name)]
public sealed class BadClientTests(BadClientTests.Host node) : IClassFixture<BadClientTests.Host>
{
    /// <summary>A node that keeps no applied entries, so that what a watch holds is all that is held.</summary>
    public sealed class Host() : NodeHost("kv.raft.kept-entries = 1");

    [Fact]
    public async Task A_watch_that_is_never_read_holds_little_and_stops_nobody_else()
    {
        const int Writes = 200;
        var value = new byte[256 * 1024];
        var stalled = new WatchCall(node, node.Connect());
        await stalled.CreateAsync(new WatchCreateRequest { Key = B("stalled"), PrevKv = true });
        using var healthy = new WatchCall(node, node.Connect());
        await healthy.CreateAsync(new WatchCreateRequest { Key = B("stalled") });
        var last = 0L;
        for (var i = 0; i < Writes; i++)
        {
            value[0] = (byte)i;
            last = (await node.Kv.PutAsync(new PutRequest { Key = B("stalled"), Value = ByteString.CopyFrom(value) })).Header.Revision;
            var seen = await healthy.NextAsync();
            Assert.Equal((last, (byte)i), (seen.Header.Revision, seen.Events.Single().Kv.Value[0]));
        }
        await node.Kv.CompactAsync(new CompactionRequest { Revision = last, Physical = true });
        var held = GC.GetTotalMemory(forceFullCollection: true);
        stalled.Dispose();
        await UntilAsync(() => node.MetricAsync("etcd_debugging_mvcc_watch_stream_total"), static streams => streams == 1);
        var released = held - GC.GetTotalMemory(forceFullCollection: true);
        // 50 MiB of events went by. What may wait is one MiB of events, one bunch being written, and the connection's buffers.
        Assert.True(released < 8 * 1024 * 1024, $"a watch that nobody reads held {released} bytes");
    }

    [Fact]
    public async Task A_watch_that_is_read_late_gets_every_event_once_and_in_order()
    {
        const int Writes = 300;
        using var late = new WatchCall(node, node.Connect());
        await late.CreateAsync(new WatchCreateRequest { Key = B("late") });
        var value = new byte[64 * 1024];
        for (var i = 0; i < Writes; i++)
        {
            BitConverter.TryWriteBytes(value, i);
            await node.Kv.PutAsync(new PutRequest { Key = B("late"), Value = ByteString.CopyFrom(value) });
        }
        var next = 0;
        while (next < Writes)
        {
            foreach (var change in (await late.NextAsync()).Events)
            {
                Assert.Equal(next++, BitConverter.ToInt32(change.Kv.Value.Span));
            }
        }
    }

    [Fact]
    public async Task Hundreds_of_idle_streams_on_one_connection_are_served_and_forgotten()
    {
        const int Streams = 400;
        var channel = node.Connect();
        var watches = Enumerable.Range(0, Streams).Select(_ => new WatchCall(node, channel)).ToArray();
        var keepers = Enumerable.Range(0, Streams).Select(_ => new Protos.Etcdserverpb.Lease.LeaseClient(channel).LeaseKeepAlive()).ToArray();
        await Task.WhenAll(watches.Select(static (watch, i) => watch.CreateAsync(new WatchCreateRequest { Key = B($"idle/{i % 4}") })));
        var lease = (await node.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 100 })).ID;

        await Task.WhenAll(keepers.Select(keeper => keeper.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = lease })));
        foreach (var keeper in keepers)
        {
            Assert.True(await keeper.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServiceHost.Patience));
            Assert.Equal(100, keeper.ResponseStream.Current.TTL);
        }
        var revisions = new long[4];
        for (var i = 0; i < 4; i++)
        {
            revisions[i] = (await node.Kv.PutAsync(new PutRequest { Key = B($"idle/{i}"), Value = B("v") })).Header.Revision;
        }
        var told = await Task.WhenAll(watches.Select(static watch => watch.NextAsync()));
        Assert.All(told.Select(static (response, i) => (response.Header.Revision, i)), one => Assert.Equal(revisions[one.i % 4], one.Revision));

        var before = await node.MetricAsync("etcd_debugging_mvcc_watch_stream_total");
        Assert.True(before >= Streams);
        Array.ForEach(watches, static watch => watch.Dispose());
        Array.ForEach(keepers, static keeper => keeper.Dispose());
        await UntilAsync(() => node.MetricAsync("etcd_debugging_mvcc_watch_stream_total"), streams => streams <= before - Streams);
        await UntilAsync(() => node.MetricAsync("etcd_debugging_mvcc_watcher_total"), static watchers => watchers <= 1);
    }

    [Fact]
    public async Task Requests_that_come_faster_than_a_stalled_stream_can_answer_are_held_back()
    {
        var stalled = new WatchCall(node, node.Connect());
        using var stop = new CancellationTokenSource();
        // Created and cancelled without end, every answer unread: the server must stop reading, not keep the answers.
        var flood = Task.Run(async () =>
        {
            for (var id = 1L; !stop.IsCancellationRequested; id++)
            {
                await stalled.SendAsync(new WatchCreateRequest { Key = B("flood"), WatchId = id, StartRevision = 1L << 40 });
                await stalled.CancelAsync(id);
            }
        });
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 300; i++)
        {
            await node.Kv.PutAsync(new PutRequest { Key = B("beside"), Value = B($"{i}") });
        }
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        await stop.CancelAsync();
        stalled.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await flood.WaitAsync(ServiceHost.Patience);
            throw new OperationCanceledException("the flood ended between two requests");
        });
        Assert.True(grown < 32 * 1024 * 1024, $"a client that asks and does not read made the process grow by {grown} bytes");
    }
}

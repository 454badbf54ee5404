using System.Threading.Channels;
using Akka.Actor;
using Kv.Actors.Watch;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Watch;

/// <summary>Hub, stream and flow together, with a client that reads when the test says so.</summary>
public sealed class WatchActorTests : PatientTestKit
{
    private readonly FakeStore _store = new();
    private readonly Lock _gate = new();

    private static WatchSpec Spec(string key, string? end = null, long start = 0) => Harness.Spec(key, end, start);

    [Fact]
    public async Task Events_reach_a_client_that_reads()
    {
        var hub = Hub();
        var client = await Open(hub);
        await client.Stream.CreateAsync(Spec("a")).WaitAsync(Patience);
        Assert.Equal("0 created @1", await client.Next());
        Write(hub, "a=1");
        Assert.Equal("0 @2 2:a=1", await client.Next());
        Write(hub, "b=1");
        Write(hub, "a");
        Assert.Equal("0 @4 4:a", await client.Next());
        await client.Stream.RequestProgressAsync().WaitAsync(Patience);
        Assert.Equal("-1 progress @4", await client.Next());
        await client.Stream.CancelAsync(0).WaitAsync(Patience);
        Assert.Equal("0 canceled @4", await client.Next());
        await client.Stream.RefuseAsync("no").WaitAsync(Patience);
        Assert.Equal("-1 refused @4: no", await client.Next());
        await client.Stream.CloseAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_client_that_does_not_read_costs_a_bounded_queue_and_gets_everything_when_it_does()
    {
        var hub = Hub(new WatchLimits { QueueResponses = 16 });
        var blocked = await Open(hub, isBlocked: true);
        var other = await Open(hub);
        await blocked.Stream.CreateAsync(Spec("a")).WaitAsync(Patience);
        await other.Stream.CreateAsync(Spec("a")).WaitAsync(Patience);
        Assert.Equal("0 created @1", await other.Next());
        for (var i = 2; i <= 2000; i++)
        {
            Write(hub, $"a={i}");
            if (i % 50 == 0)
            {
                await other.Until(i);
            }
        }
        await other.Until(2000);
        Assert.True(blocked.Taken <= 1, "one write was begun and nothing after it");
        blocked.Unblock();
        await blocked.Until(2000);
        Assert.Equal(Enumerable.Range(2, 1999).Select(i => (long)i), blocked.Revisions);
        Assert.Equal(Enumerable.Range(2, 1999).Select(i => (long)i), other.Revisions);
        Write(hub, "a=live");
        await blocked.Until(2001);
    }

    [Fact]
    public async Task A_client_that_asks_and_never_reads_is_made_to_wait()
    {
        var client = await Open(Hub(new WatchLimits { QueueResponses = 4 }), isBlocked: true);
        await client.Stream.RefuseAsync("first").WaitAsync(Patience);
        await client.Began.WaitAsync(Patience);                                    // the write that blocks
        var accepted = 0;
        Task waiting;
        while ((waiting = client.Stream.RefuseAsync("more")) is var task
            && await Task.WhenAny(task, client.Stream.RefuseAsync("behind")) == task && accepted < 100)
        {
            accepted++;
        }
        Assert.InRange(accepted, 0, 4);
        client.Unblock();
        await waiting.WaitAsync(Patience);
        await client.Stream.CloseAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_failed_write_ends_its_stream_and_no_other()
    {
        var hub = Hub();
        var opened = await WatchHubActor.OpenAsync(hub, _ => throw new IOException("connection reset")).WaitAsync(Patience);
        var other = await Open(hub);
        await other.Stream.CreateAsync(Spec("a")).WaitAsync(Patience);
        await opened.CreateAsync(Spec("a")).WaitAsync(Patience);
        var failure = await Assert.ThrowsAsync<IOException>(() => opened.Ended.WaitAsync(Patience));
        Assert.Equal("connection reset", failure.Message);
        await opened.CreateAsync(Spec("a")).WaitAsync(Patience);                   // accepted and forgotten
        Write(hub, "a=1");
        await other.Until(2);
    }

    [Fact]
    public async Task A_closed_stream_lets_the_write_under_way_end_and_starts_no_other()
    {
        var hub = Hub();
        var client = await Open(hub, isBlocked: true);
        await client.Stream.CreateAsync(Spec("a")).WaitAsync(Patience);
        await client.Began.WaitAsync(Patience);
        Write(hub, "a=1");
        var closing = client.Stream.CloseAsync();
        Assert.False(closing.IsCompleted);
        client.Unblock();
        await closing.WaitAsync(Patience);
        Assert.Equal(1, client.Taken);
    }

    [Fact]
    public async Task History_is_read_at_the_clients_pace_and_joins_what_is_live()
    {
        var hub = Hub(new WatchLimits { CatchUpRevisions = 7, CatchUpScan = 20, QueueBytes = 1024 });
        for (var i = 2; i <= 300; i++)
        {
            Write(hub, $"a={i}", $"b={i}");
        }
        var client = await Open(hub);
        await client.Stream.CreateAsync(Spec("a", start: 1) with { PrevKv = true }).WaitAsync(Patience);
        await client.Until(150);
        for (var i = 301; i <= 400; i++)
        {
            Write(hub, $"a={i}", $"b={i}");
        }
        await client.Until(400);
        Assert.Equal(Enumerable.Range(2, 399).Select(i => (long)i), client.Revisions);
    }

    [Fact]
    public async Task Many_streams_watch_one_key_and_each_gets_every_event()
    {
        var hub = Hub();
        var clients = new List<Client>();
        for (var i = 0; i < 200; i++)
        {
            clients.Add(await Open(hub));
            await clients[i].Stream.CreateAsync(Spec("a")).WaitAsync(Patience);
        }
        for (var i = 2; i <= 51; i++)
        {
            Write(hub, $"a={i}");
        }
        foreach (var client in clients)
        {
            await client.Until(51);
            Assert.Equal(50, client.Revisions.Count);
            await client.Stream.CloseAsync().WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task Progress_is_reported_while_nothing_happens()
    {
        var client = await Open(Hub(new WatchLimits { ProgressNotifyInterval = TimeSpan.FromMilliseconds(100) }));
        await client.Stream.CreateAsync(Spec("a") with { ProgressNotify = true }).WaitAsync(Patience);
        Assert.Equal("0 created @1", await client.Next());
        Assert.Equal("0 progress @1", await client.Next());
        Assert.Equal("0 progress @1", await client.Next());
    }

    private IActorRef Hub(WatchLimits? limits = null)
    {
        limits = (limits ?? new WatchLimits()).Validate();
        return Sys.ActorOf(WatchHubActor.Props(limits, Published));
    }

    private FakeHistory Published()
    {
        lock (_gate)
        {
            return _store.Root;
        }
    }

    private void Write(IActorRef hub, params string[] operations)
    {
        lock (_gate)
        {
            var changes = _store.Write(operations);
            hub.Tell(new WatchHubCommand.Applied(_store.Root, changes));
        }
    }

    private static async Task<Client> Open(IActorRef hub, bool isBlocked = false)
    {
        var client = new Client(isBlocked);
        client.Stream = await WatchHubActor.OpenAsync(hub, client.WriteAsync).WaitAsync(Patience);
        return client;
    }

    private sealed class Client(bool isBlocked)
    {
        private readonly Channel<WatchResponse> _read = Channel.CreateUnbounded<WatchResponse>();
        private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _unblocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _taken;

        public WatchStream Stream { get; set; } = null!;

        public List<long> Revisions { get; } = [];

        public int Taken => Volatile.Read(ref _taken);

        public Task Began => _began.Task;

        public void Unblock() => _unblocked.SetResult();

        public async Task WriteAsync(WatchBunch bunch)
        {
            Interlocked.Increment(ref _taken);
            _began.TrySetResult();
            if (isBlocked)
            {
                await _unblocked.Task;
            }
            foreach (var response in bunch.Responses)
            {
                Assert.True(_read.Writer.TryWrite(response));
            }
        }

        public async Task<string> Next() => (await Read()).Text();

        public async Task Until(long revision)
        {
            while (Revisions.Count == 0 || Revisions[^1] < revision)
            {
                Revisions.AddRange((await Read()).Events().Select(e => e.Batch.Revision));
            }
        }

        private Task<WatchResponse> Read() => _read.Reader.ReadAsync().AsTask().WaitAsync(Patience);
    }
}

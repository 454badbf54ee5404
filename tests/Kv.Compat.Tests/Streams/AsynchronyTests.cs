using System.Diagnostics;
using System.Threading.Channels;
using Akka;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Util;

namespace Kv.Compat.Tests.Streams;

/// <summary>Demand, waiting, and ends that come from outside.</summary>
public sealed class AsynchronyTests : StreamTest
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(3);        // of a machine that is busy with other tests

    [Fact]
    public async Task UnfoldAsync_is_asked_only_when_the_sink_wants_more()
    {
        var asked = 0;
        var write = Channel.CreateUnbounded<TaskCompletionSource>();
        var done = Source.UnfoldAsync(0, n =>
            {
                Interlocked.Increment(ref asked);
                return Task.FromResult(n == 5 ? Option<(int, int)>.None : (n + 1, n));
            })
            .Select(n => n)
            .SelectAsync(1, Task.FromResult)
            .ViaMaterialized(KillSwitches.Single<int>(), Keep.Right)
            .ToMaterialized(Sink.ForEachAsync<int>(1, _ =>
            {
                var gate = new TaskCompletionSource();
                write.Writer.TryWrite(gate);
                return gate.Task;
            }), Keep.Right)
            .Run(Materializer);
        for (var i = 0; i < 5; i++)
        {
            var gate = await write.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.InRange(asked, i + 1, i + 3);            // one for the sink, and at most what the stages between may hold
            gate.SetResult();
        }

        await done.WaitAsync(Patience);
        Assert.Equal(6, asked);
    }

    [Fact]
    public async Task Asynchronous_sources_and_sinks_never_hold_a_thread_while_they_wait()
    {
        const int streams = 500;
        var gate = new TaskCompletionSource();
        var results = Enumerable.Range(0, streams).Select(_ => Source
            .UnfoldAsync(0, async n =>
            {
                await gate.Task;
                return n == 2 ? Option<(int, int)>.None : (n + 1, n);
            })
            .SelectAsync(1, async n =>
            {
                await gate.Task;
                return n;
            })
            .RunWith(Sink.ForEachAsync<int>(1, _ => gate.Task), Materializer)).ToArray();
        gate.SetResult();
        await Task.WhenAll(results).WaitAsync(Patience);
    }

    [Fact]
    public async Task UnfoldAsync_passes_its_failure_on()
    {
        var result = Source.UnfoldAsync<int, int>(0, async _ =>
        {
            await Task.Yield();
            throw new IOException("compacted");
        }).RunWith(Sink.Ignore<int>(), Materializer);
        Assert.Equal("compacted", (await Failure(result)).Message);
    }

    [Fact]
    public async Task ForEachAsync_ends_when_the_last_task_has_ended()
    {
        var gate = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        var done = Source.Single(1).RunWith(Sink.ForEachAsync<int>(1, _ =>
        {
            started.SetResult();
            return gate.Task;
        }), Materializer);
        await started.Task.WaitAsync(Patience);
        await Source.Single(1).RunWith(Sink.Ignore<int>(), Materializer).WaitAsync(Patience);
        Assert.False(done.IsCompleted);
        gate.SetResult();
        Assert.Same(Done.Instance, await done.WaitAsync(Patience));
    }

    [Fact]
    public async Task ForEachAsync_runs_up_to_its_parallelism()
    {
        int running = 0, most = 0, count = 0;
        await Source.From(Enumerable.Range(0, 300)).RunWith(Sink.ForEachAsync<int>(4, async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await Task.Yield();
            Interlocked.Increment(ref count);
            Interlocked.Decrement(ref running);
        }), Materializer).WaitAsync(Patience);
        Assert.Equal(300, count);
        Assert.InRange(most, 1, 4);
    }

    /// <summary>A task that ended between two looks at it was taken for a failed one, once in some ten thousand.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task ForEachAsync_takes_a_task_that_ends_while_it_is_looked_at(int parallelism)
    {
        using var ender = new TaskEnder();
        var started = Stopwatch.StartNew();
        var given = 0;
        await Source.From(Enumerable.Range(0, 20_000))
            .TakeWhile(_ => started.Elapsed < Enough)
            .RunWith(Sink.ForEachAsync<int>(parallelism, _ =>
            {
                given++;
                return ender.Next();
            }), Materializer)
            .WaitAsync(Patience);
        Assert.Equal(given, ender.Ended);
    }

    /// <summary>An element written between two looks at the channel was noticed by neither, and the stream slept for good.</summary>
    [Fact]
    public async Task A_channel_s_element_that_comes_while_it_is_looked_at_is_read()
    {
        const int elements = 50_000;
        var channel = Channel.CreateUnbounded<int>();
        int read = 0, written = 0;
        var done = ChannelSource.FromReader(channel.Reader)
            .RunWith(Sink.ForEach<int>(n => Volatile.Write(ref read, n)), Materializer);
        var writer = new Thread(() =>
        {
            var started = Stopwatch.StartNew();
            for (var i = 1; i <= elements && started.Elapsed < Enough; i++)
            {
                Thread.SpinWait(i % 100);       // by chance just where it hurts
                channel.Writer.TryWrite(written = i);
                var patience = Stopwatch.StartNew();
                while (Volatile.Read(ref read) != i && patience.Elapsed < Patience) Thread.SpinWait(1);      // one at a time: each finds the stream going to sleep
            }

            channel.Writer.Complete();
        });
        writer.Start();
        await done.WaitAsync(Patience);
        writer.Join();
        Assert.Equal(written, read);
    }

    [Fact]
    public async Task A_failing_sink_fails_its_task_and_cancels_the_source()
    {
        var (ended, done) = Source.Repeat(1)
            .WatchTermination(Keep.Right)
            .ToMaterialized(Sink.ForEachAsync<int>(1, async _ =>
            {
                await Task.Yield();
                throw new IOException("client gone");
            }), Keep.Both)
            .Run(Materializer);
        Assert.Equal("client gone", (await Failure(done)).Message);
        await Task.WhenAny(ended, Task.Delay(Patience));
        Assert.True(ended.IsCompleted);
    }

    [Fact]
    public async Task WatchTermination_tells_how_the_elements_ended()
    {
        var (completed, _) = Source.Single(1).WatchTermination(Keep.Right).ToMaterialized(Sink.Ignore<int>(), Keep.Both).Run(Materializer);
        await completed.WaitAsync(Patience);
        var (cancelled, _) = Source.Repeat(1).WatchTermination(Keep.Right).ToMaterialized(Sink.First<int>(), Keep.Both).Run(Materializer);
        await cancelled.WaitAsync(Patience);
        var (failed, _) = Source.Failed<int>(new IOException("broken")).WatchTermination(Keep.Right).ToMaterialized(Sink.Ignore<int>(), Keep.Both).Run(Materializer);
        Assert.Equal("broken", (await Failure(failed)).Message);
    }

    [Fact]
    public async Task A_kill_switch_completes_a_waiting_stream()
    {
        var (kill, done) = Source.Never<int>()
            .ViaMaterialized(KillSwitches.Single<int>(), Keep.Right)
            .ToMaterialized(Sink.Seq<int>(), Keep.Both)
            .Run(Materializer);
        kill.Shutdown();
        Assert.Empty(await done.WaitAsync(Patience));
        kill.Abort(new IOException("too late"));
    }

    [Fact]
    public async Task A_kill_switch_fails_a_stream_and_cancels_above()
    {
        var (ended, kill, done) = Source.Repeat(1)
            .WatchTermination(Keep.Right)
            .ViaMaterialized(KillSwitches.Single<int>(), Keep.Both)
            .ToMaterialized(Sink.Ignore<int>(), (left, right) => (left.Item1, left.Item2, right))
            .Run(Materializer);
        kill.Abort(new IOException("stop"));
        Assert.Equal("stop", (await Failure(done)).Message);
        await Task.WhenAny(ended, Task.Delay(Patience));
        Assert.True(ended.IsCompleted);
    }

    /// <summary>It ran for ever once: what came from outside was looked at only when the stream paused.</summary>
    [Fact]
    public async Task A_kill_switch_reaches_a_stream_that_never_pauses()
    {
        var flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = 0;
        var (kill, done) = Source.Repeat(1)
            .ViaMaterialized(KillSwitches.Single<int>(), Keep.Right)
            .ToMaterialized(
                Sink.ForEach<int>(_ =>
                {
                    if (++seen == 100_000)
                    {
                        flowing.TrySetResult();
                    }
                }),
                Keep.Both)
            .Run(Materializer);
        await flowing.Task.WaitAsync(Patience);
        kill.Abort(new IOException("stop"));
        Assert.Equal("stop", (await Failure(done)).Message);
    }

    [Fact]
    public async Task A_shared_kill_switch_ends_all_its_streams_and_later_ones()
    {
        var kill = KillSwitches.Shared("all");
        Task<Done> Run() => Source.Never<int>().Via(kill.Flow<int>()).RunWith(Sink.Ignore<int>(), Materializer);
        var running = Enumerable.Range(0, 10).Select(_ => Run()).ToArray();
        kill.Shutdown();
        await Task.WhenAll(running).WaitAsync(Patience);
        await Run().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_channel_is_read_to_its_end_and_its_failure_is_passed_on()
    {
        var channel = Channel.CreateUnbounded<int>();
        var done = ChannelSource.FromReader(channel.Reader).RunWith(Sink.Seq<int>(), Materializer);
        for (var i = 0; i < 100; i++)
        {
            await channel.Writer.WriteAsync(i);
            if (i % 10 == 0) await Task.Yield();
        }

        channel.Writer.Complete();
        Assert.Equal(Enumerable.Range(0, 100), await done.WaitAsync(Patience));
        var broken = Channel.CreateUnbounded<int>();
        var failing = ChannelSource.FromReader(broken.Reader).RunWith(Sink.Seq<int>(), Materializer);
        broken.Writer.Complete(new IOException("broken"));
        Assert.Equal("broken", (await Failure(failing)).Message);
    }

    [Fact]
    public async Task A_queue_answers_each_offer()
    {
        var (queue, done) = Source.Queue<int>(2, OverflowStrategy.Backpressure).ToMaterialized(Sink.Seq<int>(), Keep.Both).Run(Materializer);
        for (var i = 0; i < 50; i++) Assert.IsType<QueueOfferResult.Enqueued>(await queue.OfferAsync(i).WaitAsync(Patience));
        queue.Complete();
        Assert.Equal(Enumerable.Range(0, 50), await done.WaitAsync(Patience));
        await queue.WatchCompletionAsync().WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<Exception>(() => queue.OfferAsync(51).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_full_queue_drops_or_waits_as_it_was_told()
    {
        var gate = new TaskCompletionSource();
        var (dropping, _) = Source.Queue<int>(1, OverflowStrategy.DropNew).ToMaterialized(Sink.ForEachAsync<int>(1, _ => gate.Task), Keep.Both).Run(Materializer);
        Assert.IsType<QueueOfferResult.Enqueued>(await dropping.OfferAsync(1).WaitAsync(Patience));
        var results = new List<IQueueOfferResult>();
        for (var i = 2; i <= 5; i++) results.Add(await dropping.OfferAsync(i).WaitAsync(Patience));
        Assert.IsType<QueueOfferResult.Dropped>(results[^1]);

        var (waiting, _) = Source.Queue<int>(1, OverflowStrategy.Backpressure).ToMaterialized(Sink.ForEachAsync<int>(1, _ => gate.Task), Keep.Both).Run(Materializer);
        var offers = new List<Task<IQueueOfferResult>>();
        while (offers.Count == 0 || await Task.WhenAny(offers[^1], Task.Delay(200)) == offers[^1]) offers.Add(waiting.OfferAsync(offers.Count));
        var second = await Failure(waiting.OfferAsync(99));
        Assert.IsAssignableFrom<Akka.Pattern.IllegalStateException>(second);
        gate.SetResult();
        Assert.IsType<QueueOfferResult.Enqueued>(await offers[^1].WaitAsync(Patience));
    }

    [Fact]
    public async Task What_an_actor_is_told_becomes_elements()
    {
        var (actor, done) = Source.ActorRef<int>(100, OverflowStrategy.Fail).ToMaterialized(Sink.Seq<int>(), Keep.Both).Run(Materializer);
        for (var i = 0; i < 50; i++) actor.Tell(i, ActorRefs.NoSender);
        actor.Tell(new Status.Success(Done.Instance), ActorRefs.NoSender);
        Assert.Equal(Enumerable.Range(0, 50), await done.WaitAsync(Patience));
        var (failing, failed) = Source.ActorRef<int>(1, OverflowStrategy.DropNew).ToMaterialized(Sink.Seq<int>(), Keep.Both).Run(Materializer);
        failing.Tell(new Status.Failure(new IOException("told so")), ActorRefs.NoSender);
        Assert.Equal("told so", (await Failure(failed)).Message);
        var (cut, ended) = Source.ActorRef<int>(1, OverflowStrategy.DropNew).ToMaterialized(Sink.Seq<int>(), Keep.Both).Run(Materializer);
        cut.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        Assert.Empty(await ended.WaitAsync(Patience));
        Assert.Throws<NotSupportedException>(() => Source.ActorRef<int>(1, OverflowStrategy.Backpressure));
    }

    [Fact]
    public async Task An_actor_that_feeds_a_stream_stops_when_the_stream_does()
    {
        var (actor, first) = Source.ActorRef<int>(10, OverflowStrategy.DropHead).ToMaterialized(Sink.First<int>(), Keep.Both).Run(Materializer);
        actor.Tell(1, ActorRefs.NoSender);
        Assert.Equal(1, await first.WaitAsync(Patience));
        Assert.True(await actor.WatchAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task Streams_of_an_actor_end_with_it()
    {
        var stream = new TaskCompletionSource<Task>();
        var actor = System.ActorOf(Props.Create(() => new StreamingActor(stream)));
        var done = await stream.Task.WaitAsync(Patience);
        Assert.False(done.IsCompleted);
        System.Stop(actor);
        await Task.WhenAny(done, Task.Delay(Patience));
        Assert.True(done.IsFaulted);
    }

    [Fact]
    public async Task Streams_of_a_system_end_with_it()
    {
        var system = ActorSystem.Create("short", "akka.loglevel = OFF\nakka.stdout-loglevel = OFF");
        var done = Source.Never<int>().RunWith(Sink.Seq<int>(), system.Materializer());
        await system.Terminate();
        await Task.WhenAny(done, Task.Delay(Patience));
        Assert.True(done.IsFaulted);
    }

    [Fact]
    public async Task Nothing_runs_after_the_materializer_is_shut_down()
    {
        var materializer = ActorMaterializer.Create(System);
        var done = Source.Never<int>().RunWith(Sink.Seq<int>(), materializer);
        materializer.Shutdown();
        await Task.WhenAny(done, Task.Delay(Patience));
        Assert.True(done.IsFaulted);
        Assert.ThrowsAny<Exception>(() => Materialize(materializer));
    }

    private static void Materialize(ActorMaterializer materializer) => Source.Single(1).RunWith(Sink.Ignore<int>(), materializer);

    private sealed class StreamingActor : ReceiveActor
    {
        public StreamingActor(TaskCompletionSource<Task> stream) =>
            stream.SetResult(Source.Never<int>().RunWith(Sink.Seq<int>(), Context.Materializer()));
    }
}

using System.Collections.Immutable;
using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.Supervision;
using Akka.Util;

namespace Kv.Compat.Tests.Streams;

public sealed class OperatorTests : StreamTest
{
    private static Source<int, NotUsed> Numbers(int count) => Source.From(Enumerable.Range(1, count));

    private async Task Yields<T, TMat>(Source<T, TMat> source, params T[] expected) =>
        Assert.Equal(expected, await source.RunWith(Sink.Seq<T>(), Materializer).WaitAsync(Patience));

    [Fact]
    public async Task Sources_yield_their_elements()
    {
        await Yields(Numbers(3), 1, 2, 3);
        await Yields(Source.Single("a"), "a");
        await Yields(Source.Empty<int>());
        await Yields(Source.Repeat(7).Take(3), 7, 7, 7);
        await Yields(Source.FromTask(Task.FromResult(1)), 1);
        await Yields(Source.FromEnumerator(() => new List<int> { 4, 5 }.GetEnumerator() as IEnumerator<int>), 4, 5);
        await Yields(Source.Unfold(1, n => n > 3 ? Option<(int, int)>.None : (n + 1, n * 10)), 10, 20, 30);
        await Yields(Source.UnfoldAsync(1, n => Task.FromResult(n > 3 ? Option<(int, int)>.None : (n + 1, n * 10))), 10, 20, 30);
        Assert.IsType<IOException>(await Failure(Source.Failed<int>(new IOException()).RunWith(Sink.Ignore<int>(), Materializer)));
    }

    [Fact]
    public async Task Operators_do_what_they_are_named_for()
    {
        await Yields(Numbers(3).Select(n => n * n), 1, 4, 9);
        await Yields(Numbers(6).Where(n => n % 2 == 0), 2, 4, 6);
        await Yields(Numbers(6).WhereNot(n => n % 2 == 0), 1, 3, 5);
        await Yields(Numbers(4).Collect(n => n > 2, n => $"<{n}>"), "<3>", "<4>");
        await Yields(Numbers(3).SelectMany(n => Enumerable.Repeat(n, n)), 1, 2, 2, 3, 3, 3);
        await Yields(Numbers(3).SelectMany(_ => Enumerable.Empty<int>()));
        await Yields(Numbers(9).Take(2), 1, 2);
        await Yields(Numbers(9).Take(0));
        await Yields(Numbers(9).TakeWhile(n => n < 3), 1, 2);
        await Yields(Numbers(9).TakeWhile(n => n < 3, inclusive: true), 1, 2, 3);
        await Yields(Numbers(5).Skip(3), 4, 5);
        await Yields(Numbers(5).SkipWhile(n => n % 3 != 0), 3, 4, 5);
        await Yields(Numbers(4).Scan(0, (sum, n) => sum + n), 0, 1, 3, 6, 10);
        await Yields(Numbers(4).Aggregate(0, (sum, n) => sum + n), 10);
        await Yields(Source.Empty<int>().Aggregate(5, (sum, n) => sum + n), 5);
        await Yields(Numbers(7).Grouped(3).Select(group => string.Join(',', group)), "1,2,3", "4,5,6", "7");
        await Yields(Numbers(50).Buffer(4, OverflowStrategy.Backpressure), [.. Enumerable.Range(1, 50)]);
    }

    [Fact]
    public async Task Flows_and_sinks_are_put_together_in_any_order()
    {
        var doubled = Flow.Create<int>().Select(n => n * 2);
        var texts = doubled.Via(Flow.FromFunction<int, string>(n => $"{n}"));
        await Yields(Numbers(2).Via(texts), "2", "4");
        Assert.Equal(12, await Numbers(3).RunWith(doubled.ToMaterialized(Sink.Aggregate<int, int>(0, (a, b) => a + b), Keep.Right), Materializer));
        var (left, right) = Numbers(2).MapMaterializedValue(_ => "left").ToMaterialized(Sink.Seq<int>(), Keep.Both).Run(Materializer);
        Assert.Equal("left", left);
        Assert.Equal([1, 2], await right);
        Assert.Equal(6, await Numbers(3).RunAggregate(0, (a, b) => a + b, Materializer));
        Assert.Equal(1, await Numbers(3).RunWith(Sink.First<int>(), Materializer));
        Assert.Equal(3, await Numbers(3).RunWith(Sink.Last<int>(), Materializer));
        Assert.Equal(0, await Source.Empty<int>().RunWith(Sink.FirstOrDefault<int>(), Materializer));
        Assert.IsType<NoSuchElementException>(await Failure(Source.Empty<int>().RunWith(Sink.First<int>(), Materializer)));
    }

    [Fact]
    public async Task A_description_runs_any_number_of_times()
    {
        var graph = Numbers(3).Scan(0, (sum, n) => sum + n).ToMaterialized(Sink.Seq<int>(), Keep.Right);
        for (var i = 0; i < 3; i++) Assert.Equal([0, 1, 3, 6], await graph.Run(Materializer));
    }

    [Fact]
    public async Task A_very_long_stream_runs_on_a_flat_stack()
    {
        const int count = 2_000_000;
        var sum = await Numbers(count).Select(n => (long)n).Where(n => n % 2 == 0).RunAggregate(0L, (a, b) => a + b, Materializer);
        Assert.Equal((long)(count / 2) * ((count / 2) + 1), sum);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task SelectAsync_keeps_the_order_whatever_ends_first(int parallelism)
    {
        var gates = Enumerable.Range(0, 4).Select(_ => new TaskCompletionSource()).ToArray();
        var started = 0;
        var result = Source.From(Enumerable.Range(0, 4)).SelectAsync(parallelism, async n =>
        {
            Interlocked.Increment(ref started);
            await gates[n].Task;
            return n;
        }).RunWith(Sink.Seq<int>(), Materializer);
        foreach (var gate in parallelism == 1 ? gates : [.. gates.Reverse()]) gate.SetResult();
        Assert.Equal([0, 1, 2, 3], await result.WaitAsync(Patience));
        Assert.Equal(4, started);
    }

    [Fact]
    public async Task SelectAsyncUnordered_yields_what_ends_first()
    {
        var first = new TaskCompletionSource();
        var result = Numbers(2).SelectAsyncUnordered(2, async n =>
        {
            if (n == 1) await first.Task;
            else first.SetResult();
            return n;
        }).RunWith(Sink.Seq<int>(), Materializer);
        Assert.Equal([1, 2], (await result.WaitAsync(Patience)).Order());
    }

    [Fact]
    public async Task SelectAsync_never_runs_more_than_its_parallelism()
    {
        int running = 0, most = 0;
        await Numbers(200).SelectAsync(3, async n =>
        {
            var now = Interlocked.Increment(ref running);
            most = Math.Max(most, now);
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return n;
        }).RunWith(Sink.Ignore<int>(), Materializer).WaitAsync(Patience);
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public async Task Batch_passes_single_elements_on_while_there_is_demand_and_gathers_while_there_is_none()
    {
        var gate = new TaskCompletionSource();
        var gathering = new TaskCompletionSource();
        var written = new List<string>();
        var done = Numbers(10)
            .Select(n =>
            {
                if (n == 5) gathering.SetResult();
                return n;
            })
            .Batch(4, n => ImmutableList.Create(n), (batch, n) => batch.Add(n))
            .RunWith(Sink.ForEachAsync<ImmutableList<int>>(1, async batch =>
            {
                lock (written) written.Add(string.Join(',', batch));
                await gate.Task;
            }), Materializer);
        await gathering.Task.WaitAsync(Patience);
        gate.SetResult();
        await done.WaitAsync(Patience);
        Assert.Equal("1", written[0]);
        Assert.Equal("2,3,4,5", written[1]);
        Assert.Equal(Enumerable.Range(1, 10), string.Join(',', written).Split(',').Select(int.Parse));
        Assert.All(written, batch => Assert.InRange(batch.Split(',').Length, 1, 4));
    }

    [Fact]
    public async Task BatchWeighted_counts_cost_and_Conflate_has_no_bound()
    {
        var weighted = await Gathered([1, 5, 5, 9, 1], last: 9,
            source => source.BatchWeighted(10, n => n, n => $"{n}", (batch, n) => $"{batch},{n}"));
        Assert.Equal(["1", "5,5"], weighted.Take(2));          // 9 does not fit, and waits; 1 may join it or come alone
        Assert.Equal("9,1", string.Join(',', weighted.Skip(2)));
        Assert.Equal([1, 14], await Gathered([1, 2, 3, 4, 5], last: 5, source => source.Conflate((a, b) => a + b)));

        // The sink waits with its first element until the last one to be gathered is on its way.
        async Task<List<T>> Gathered<T>(int[] elements, int last, Func<Source<int, NotUsed>, Source<T, NotUsed>> gather)
        {
            var seen = new List<T>();
            var gathered = new TaskCompletionSource();
            var source = Source.From(elements).Select(n =>
            {
                if (n == last) gathered.SetResult();
                return n;
            });
            await gather(source).RunWith(Sink.ForEachAsync<T>(1, async element =>
            {
                seen.Add(element);
                if (seen.Count == 1) await gathered.Task;
            }), Materializer).WaitAsync(Patience);
            return seen;
        }
    }

    [Fact]
    public async Task By_default_a_function_that_throws_fails_the_stream_and_cancels_above()
    {
        var above = new TaskCompletionSource<Done>();
        var result = Source.Repeat(1)
            .WatchTermination((unused, ended) =>
            {
                _ = ended.ContinueWith(task => above.SetResult(Done.Instance), TaskScheduler.Default);
                return NotUsed.Instance;
            })
            .Select<int, int, NotUsed>(_ => throw new IOException("broken"))
            .RunWith(Sink.Seq<int>(), Materializer);
        Assert.Equal("broken", (await Failure(result)).Message);
        await above.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_decider_can_drop_the_element_or_what_was_gathered()
    {
        static int Picky(int n) => n == 3 ? throw new InvalidDataException() : n;
        var resume = ActorAttributes.CreateSupervisionStrategy(Deciders.ResumingDecider);
        var restart = ActorAttributes.CreateSupervisionStrategy(Deciders.RestartingDecider);
        await Yields(Numbers(5).Select(Picky).WithAttributes(resume), 1, 2, 4, 5);
        await Yields(Numbers(5).SelectAsync(2, n => Task.Run(() => Picky(n))).WithAttributes(resume), 1, 2, 4, 5);
        await Yields(Numbers(5).Scan(0, (sum, n) => sum + Picky(n)).WithAttributes(resume), 0, 1, 3, 7, 12);
        await Yields(Numbers(5).Aggregate(0, (sum, n) => sum + Picky(n)).WithAttributes(restart), 9);
        await Yields(
            Numbers(5).Select(Picky).WithAttributes(resume).Select(n => n == 4 ? throw new IOException() : n)
                .WithAttributes(ActorAttributes.CreateSupervisionStrategy(e => e is IOException ? Directive.Resume : Directive.Stop)),
            1, 2, 5);
        var seen = new List<int>();
        await Numbers(5).RunWith(Sink.ForEachAsync<int>(1, n =>
        {
            seen.Add(Picky(n));
            return Task.CompletedTask;
        }).WithAttributes(resume), Materializer).WaitAsync(Patience);
        Assert.Equal([1, 2, 4, 5], seen);
    }

    [Fact]
    public async Task Recover_ends_with_another_element_and_SelectError_with_another_failure()
    {
        var failing = Numbers(3).Select(n => n == 3 ? throw new IOException("broken") : n);
        await Yields(failing.Recover(e => e is IOException ? -1 : Option<int>.None), 1, 2, -1);
        Assert.Equal("other", (await Failure(failing.SelectError(_ => new InvalidDataException("other")).RunWith(Sink.Ignore<int>(), Materializer))).Message);
    }
}

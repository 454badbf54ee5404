using Grpc.Core;

namespace Kv.Compat.Tests.Grpc;

public sealed class StreamingCallTests
{
    [Fact]
    public async Task A_client_stream_is_read_to_its_end()
    {
        await using var host = await Host.StartAsync();
        using var call = host.Up();
        for (var i = 0; i < 100; i++) await call.RequestStream.WriteAsync($"{i}");
        await call.RequestStream.CompleteAsync();

        Assert.Equal(string.Concat(Enumerable.Range(0, 100).Select(static i => $"{i},")), await call);
    }

    [Fact]
    public async Task An_empty_client_stream_has_an_answer_too()
    {
        await using var host = await Host.StartAsync();
        using var call = host.Up();
        await call.RequestStream.CompleteAsync();

        Assert.Equal("", await call);
    }

    [Fact]
    public async Task A_server_may_answer_before_the_client_stream_ends()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUp = static (_, _) => Task.FromResult("enough");
        using var call = host.Up();

        Assert.Equal("enough", await call.ResponseAsync.WaitAsync(Host.Patience));
    }

    [Fact]
    public async Task A_server_stream_arrives_in_order()
    {
        await using var host = await Host.StartAsync();
        var parts = Enumerable.Range(0, 1000).Select(static i => $"{i}").ToList();

        using var call = host.Down(string.Join(',', parts));

        Assert.Equal(parts, await Host.ReadAllAsync(call.ResponseStream));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_server_stream_without_messages_ends_well()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnDown = static (_, _, _) => Task.CompletedTask;
        using var call = host.Down("x");

        Assert.Empty(await Host.ReadAllAsync(call.ResponseStream));
    }

    [Fact]
    public async Task A_duplex_stream_answers_each_message_as_it_comes()
    {
        await using var host = await Host.StartAsync();
        using var call = host.Both();
        for (var i = 0; i < 50; i++)
        {
            await call.RequestStream.WriteAsync($"{i}");
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Host.Patience));
            Assert.Equal($"{i}", call.ResponseStream.Current);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Host.Patience));
    }

    [Fact]
    public async Task A_status_thrown_between_messages_comes_after_them()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnDown = static async (_, responses, context) =>
        {
            context.ResponseTrailers.Add("from", "context");
            await responses.WriteAsync("one");
            throw new RpcException(new Status(StatusCode.Unavailable, "etcdserver: no leader"), new Metadata { { "from", "exception" } });
        };
        using var call = host.Down("x");

        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("one", call.ResponseStream.Current);
        var e = await Host.FailsAsync(call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("etcdserver: no leader", e.Status.Detail);
        Assert.Equal(["context", "exception"], call.GetTrailers().GetAll("from").Select(static t => t.Value));
    }

    [Fact]
    public async Task A_buffered_message_travels_with_the_next_one_that_is_not()
    {
        await using var host = await Host.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnDown = async (_, responses, _) =>
        {
            await responses.WriteAsync("first");
            responses.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
            await responses.WriteAsync("held");
            await release.Task;
            responses.WriteOptions = null;
            await responses.WriteAsync("last");
        };
        using var call = host.Down("x");

        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Host.Patience));
        var held = call.ResponseStream.MoveNext(CancellationToken.None);
        Assert.False(held.IsCompleted);
        release.SetResult();
        Assert.True(await held.WaitAsync(Host.Patience));
        Assert.Equal("held", call.ResponseStream.Current);
        Assert.Equal(["last"], await Host.ReadAllAsync(call.ResponseStream));
    }

    [Fact]
    public async Task A_writer_waits_for_a_client_that_does_not_read()
    {
        await using var host = await Host.StartAsync();
        var written = 0;
        var stuck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnDown = async (_, responses, _) =>
        {
            var chunk = new string('x', 100_000);
            for (var i = 0; i < 400; i++)
            {
                var write = responses.WriteAsync(chunk);
                if (!write.IsCompleted) stuck.TrySetResult();
                await write;
                written++;
            }
        };
        using var call = host.Down("x");

        await stuck.Task.WaitAsync(Host.Patience);
        Assert.True(written < 400, $"{written} messages were taken though no one read them");
        Assert.Equal(400, (await Host.ReadAllAsync(call.ResponseStream)).Count);
        Assert.Equal(400, written);
    }

    [Fact]
    public async Task Two_writes_at_once_are_refused()
    {
        await using var host = await Host.StartAsync();
        Exception? refused = null;
        host.Service.OnDown = async (_, responses, _) =>
        {
            var chunk = new string('x', 1_000_000);
            Task write;
            do write = responses.WriteAsync(chunk);
            while (write.IsCompletedSuccessfully);
            refused = await Record.ExceptionAsync(() => responses.WriteAsync("second"));
            await write;
        };
        using var call = host.Down("x");

        await Host.ReadAllAsync(call.ResponseStream);
        Assert.IsType<InvalidOperationException>(refused);
    }

    [Fact]
    public async Task After_the_call_reads_and_writes_are_refused()
    {
        await using var host = await Host.StartAsync();
        IAsyncStreamReader<string>? reader = null;
        IServerStreamWriter<string>? writer = null;
        host.Service.OnBoth = (requests, responses, _) =>
        {
            (reader, writer) = (requests, responses);
            return Task.CompletedTask;
        };
        using var call = host.Both();
        await call.RequestStream.CompleteAsync();
        Assert.Empty(await Host.ReadAllAsync(call.ResponseStream));

        await Assert.ThrowsAsync<InvalidOperationException>(() => reader!.MoveNext(CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer!.WriteAsync("late"));
    }

    [Fact]
    public async Task A_read_can_be_given_up_and_taken_up_again()
    {
        await using var host = await Host.StartAsync();
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnBoth = async (requests, responses, _) =>
        {
            using var give = new CancellationTokenSource();
            var read = requests.MoveNext(give.Token);
            await give.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
            cancelled.SetResult();
            Assert.True(await requests.MoveNext(CancellationToken.None));
            await responses.WriteAsync(requests.Current);
        };
        using var call = host.Both();
        await cancelled.Task.WaitAsync(Host.Patience);
        await call.RequestStream.WriteAsync("after all");

        Assert.Equal(["after all"], await Host.ReadAllAsync(call.ResponseStream));
    }

    [Fact]
    public async Task Two_thousand_messages_each_way_arrive_while_both_sides_run_freely()
    {
        await using var host = await Host.StartAsync();
        using var call = host.Both();
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 2000; i++) await call.RequestStream.WriteAsync($"{i}:{new string('y', i % 300)}");
            await call.RequestStream.CompleteAsync();
        });

        var received = await Host.ReadAllAsync(call.ResponseStream);
        await sending;
        Assert.Equal(Enumerable.Range(0, 2000).Select(static i => $"{i}:{new string('y', i % 300)}"), received);
    }
}

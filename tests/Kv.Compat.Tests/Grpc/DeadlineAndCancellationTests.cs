using Grpc.Core;

namespace Kv.Compat.Tests.Grpc;

public sealed class DeadlineAndCancellationTests
{
    [Fact]
    public async Task A_deadline_cancels_the_method_and_the_client_hears_of_it_from_the_server()
    {
        await using var host = await Host.StartAsync();
        var cancelled = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnUnary = async (request, context) =>
        {
            await WaitForAsync(context.CancellationToken);
            cancelled.SetResult(context.Deadline <= DateTime.UtcNow);
            return request;
        };

        var raw = await host.SendAsync("/test.Bytes/Unary", Host.Frame("x"), headers: ("grpc-timeout", "50m"));

        Assert.Equal("4", raw.GrpcStatus);
        Assert.Equal("Deadline Exceeded", raw.GrpcMessage);
        Assert.Empty(raw.Body);
        Assert.True(await cancelled.Task.WaitAsync(Host.Patience));
    }

    [Fact]
    public async Task A_deadline_between_messages_puts_the_status_into_the_trailers()
    {
        await using var host = await Host.StartAsync();
        Exception? late = null;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnDown = async (_, responses, context) =>
        {
            await responses.WriteAsync("one");
            await WaitForAsync(context.CancellationToken);
            late = await Record.ExceptionAsync(() => responses.WriteAsync("two"));
            done.SetResult();
        };

        var raw = await host.SendAsync("/test.Bytes/Down", Host.Frame("x"), headers: ("grpc-timeout", "100000u"));

        Assert.Equal(Host.Frame("one"), raw.Body);
        Assert.Equal("4", raw.Trailers["grpc-status"]);
        await done.Task.WaitAsync(Host.Patience);
        Assert.IsType<InvalidOperationException>(late);
    }

    [Fact]
    public async Task A_method_that_never_looks_at_its_token_does_not_hold_up_the_status()
    {
        await using var host = await Host.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnUnary = async (request, _) =>
        {
            await release.Task;
            return request;
        };

        var raw = await host.SendAsync("/test.Bytes/Unary", Host.Frame("x"), headers: ("grpc-timeout", "30m"));
        release.SetResult();

        Assert.Equal("4", raw.GrpcStatus);
        Assert.Equal("again", await Restored(host).Unary("again"));
    }

    [Fact]
    public async Task A_call_that_is_done_in_time_is_not_touched_by_its_deadline()
    {
        await using var host = await Host.StartAsync();
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        host.Service.OnUnary = async (request, context) =>
        {
            Assert.InRange(context.Deadline, deadline - TimeSpan.FromSeconds(1), deadline + TimeSpan.FromSeconds(1));
            Assert.True(context.CancellationToken.CanBeCanceled);
            await Task.Yield();
            return request;
        };

        Assert.Equal("x", await host.Unary("x", new CallOptions(deadline: deadline)));
    }

    [Theory]
    [InlineData("1H", true)]
    [InlineData("99999999S", true)]
    [InlineData("100n", true)]
    [InlineData("99n", false)]
    [InlineData("0S", false)]
    [InlineData("5", false)]
    [InlineData("5x", false)]
    [InlineData("-5S", false)]
    [InlineData("123456789S", true)]
    [InlineData("12345678901S", false)]
    public async Task A_timeout_that_is_not_one_is_ignored(string timeout, bool valid)
    {
        await using var host = await Host.StartAsync();
        var deadline = DateTime.MaxValue;
        host.Service.OnUnary = (request, context) =>
        {
            deadline = context.Deadline;
            return Task.FromResult(request);
        };

        await host.SendAsync("/test.Bytes/Unary", Host.Frame("x"), headers: ("grpc-timeout", timeout));

        Assert.Equal(valid, deadline != DateTime.MaxValue);
    }

    [Fact]
    public async Task A_client_gives_up_at_its_deadline_even_if_the_server_does_not_answer()
    {
        await using var host = await Host.StartAsync();
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnUnary = async (request, context) =>
        {
            await WaitForAsync(context.CancellationToken);
            cancelled.SetResult();
            return request;
        };

        var e = await Host.FailsAsync(host.Unary("x", new CallOptions(deadline: DateTime.UtcNow.AddMilliseconds(50))).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
        await cancelled.Task.WaitAsync(Host.Patience);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_fails_the_call_at_once()
    {
        await using var host = await Host.StartAsync();

        var e = await Host.FailsAsync(host.Unary("x", new CallOptions(deadline: DateTime.UtcNow.AddSeconds(-1))).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_cancels_cancels_the_method(bool withDeadline)
    {
        await using var host = await Host.StartAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnUnary = async (request, context) =>
        {
            var token = context.CancellationToken;
            begun.SetResult();
            await WaitForAsync(token);
            cancelled.SetResult();
            return request;
        };
        using var source = new CancellationTokenSource();
        using var call = host.Unary("x", new CallOptions(cancellationToken: source.Token, deadline: withDeadline ? DateTime.UtcNow.AddMinutes(1) : null));
        await begun.Task.WaitAsync(Host.Patience);

        await source.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Host.FailsAsync(call.ResponseAsync)).StatusCode);
        await cancelled.Task.WaitAsync(Host.Patience);
    }

    [Fact]
    public async Task Disposing_of_a_stream_cancels_its_method_in_mid_read()
    {
        await using var host = await Host.StartAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var readEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnBoth = async (requests, responses, context) =>
        {
            using var told = context.CancellationToken.Register(() => cancelled.TrySetResult());
            Assert.True(await requests.MoveNext(context.CancellationToken));
            var next = requests.MoveNext(context.CancellationToken);
            begun.SetResult();

            await Assert.ThrowsAnyAsync<Exception>(() => next);       // a stream that was cut off never looks like one that was completed
            readEnded.SetResult();
            await cancelled.Task;
        };
        var call = host.Both();
        await call.RequestStream.WriteAsync("x");
        await begun.Task.WaitAsync(Host.Patience);

        call.Dispose();

        await readEnded.Task.WaitAsync(Host.Patience);
        await cancelled.Task.WaitAsync(Host.Patience);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_channel_that_closes_cancels_its_calls()
    {
        await using var host = await Host.StartAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnDown = async (_, _, context) =>
        {
            begun.SetResult();
            await WaitForAsync(context.CancellationToken);
            cancelled.SetResult();
        };
        using var call = host.Down("x");
        var read = call.ResponseStream.MoveNext(CancellationToken.None);
        await begun.Task.WaitAsync(Host.Patience);

        host.Channel.Dispose();

        await Host.FailsAsync(read);
        await cancelled.Task.WaitAsync(Host.Patience);
    }

    [Fact]
    public async Task Deadlines_that_race_with_answers_leave_either_a_whole_answer_or_the_status()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static async (request, context) =>
        {
            using var wait = new CancellationTokenSource(TimeSpan.FromMilliseconds(int.Parse(request, System.Globalization.CultureInfo.InvariantCulture)));
            await WaitForAsync(wait.Token);
            return request;
        };

        await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            var text = $"{10 + (i % 10)}";
            var raw = await host.SendAsync("/test.Bytes/Unary", Host.Frame(text), headers: ("grpc-timeout", "15m"));
            if (raw.GrpcStatus == "0") Assert.Equal(Host.Frame(text), raw.Body);
            else Assert.Equal(("4", 0), (raw.GrpcStatus, raw.Body.Length));
        }));
    }

    private static Host Restored(Host host)
    {
        host.Service.OnUnary = static (request, _) => Task.FromResult(request);
        return host;
    }

    private static async Task WaitForAsync(CancellationToken token)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = token.Register(() => source.TrySetResult());
        await source.Task.WaitAsync(Host.Patience, CancellationToken.None);
    }
}

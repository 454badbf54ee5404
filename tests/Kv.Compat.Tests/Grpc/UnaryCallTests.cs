using Grpc.Core;

namespace Kv.Compat.Tests.Grpc;

public sealed class UnaryCallTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000)]
    [InlineData(1_000_000)]
    public async Task A_message_of_any_size_comes_back(int length)
    {
        await using var host = await Host.StartAsync();
        var text = new string('x', length);

        Assert.Equal(text, await host.Unary(text));
    }

    [Fact]
    public async Task An_answer_that_takes_a_while_comes_back()
    {
        await using var host = await Host.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnUnary = async (request, _) =>
        {
            await release.Task;
            return request + "!";
        };

        using var call = host.Unary("late");
        Assert.False(call.ResponseAsync.IsCompleted);
        release.SetResult();

        Assert.Equal("late!", await call);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Many_calls_share_a_connection_without_mixing_up_their_answers()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static async (request, _) =>
        {
            await Task.Yield();
            return request + request;
        };

        await Task.WhenAll(Enumerable.Range(0, 500).Select(async i => Assert.Equal($"{i}{i}", await host.Unary($"{i}"))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_status_that_the_method_throws_reaches_the_client(bool afterWaiting)
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = async (_, _) =>
        {
            if (afterWaiting) await Task.Yield();
            throw new RpcException(new Status(StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted"), new Metadata { { "why", "compacted" } });
        };

        var e = await Host.FailsAsync(host.Unary("x").ResponseAsync);

        Assert.Equal(StatusCode.OutOfRange, e.StatusCode);
        Assert.Equal("etcdserver: mvcc: required revision has been compacted", e.Status.Detail);
        Assert.Equal("compacted", e.Trailers.GetValue("why"));
    }

    [Fact]
    public async Task A_status_thrown_before_a_task_exists_reaches_the_client()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static (_, _) => throw new RpcException(new Status(StatusCode.Aborted, "no"));

        Assert.Equal(StatusCode.Aborted, (await Host.FailsAsync(host.Unary("x").ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task A_task_that_is_given_back_failed_reaches_the_client()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static (_, _) => Task.FromException<string>(new RpcException(new Status(StatusCode.NotFound, "none")));

        Assert.Equal(StatusCode.NotFound, (await Host.FailsAsync(host.Unary("x").ResponseAsync)).StatusCode);
    }

    [Theory]
    [InlineData(false, "Exception was thrown by handler.")]
    [InlineData(true, "Exception was thrown by handler. ArgumentException: secret IOException: inner")]
    public async Task Any_other_exception_is_unknown_and_tells_its_text_only_if_allowed(bool detailed, string expected)
    {
        await using var host = await Host.StartAsync(options => options.EnableDetailedErrors = detailed);
        host.Service.OnUnary = static (_, _) => throw new ArgumentException("secret", new IOException("inner"));

        var e = await Host.FailsAsync(host.Unary("x").ResponseAsync);

        Assert.Equal(StatusCode.Unknown, e.StatusCode);
        Assert.Equal(expected, e.Status.Detail);
    }

    [Fact]
    public async Task A_cancelled_task_is_unknown()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static (_, _) => Task.FromCanceled<string>(new CancellationToken(canceled: true));

        Assert.Equal(StatusCode.Unknown, (await Host.FailsAsync(host.Unary("x").ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task A_null_answer_is_no_message()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static (_, _) => Task.FromResult<string>(null!);

        var e = await Host.FailsAsync(host.Unary("x").ResponseAsync);

        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
        Assert.Equal("No message returned from method.", e.Status.Detail);
    }

    [Fact]
    public async Task A_status_set_on_the_context_is_sent_with_the_answer()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static (request, context) =>
        {
            context.Status = new Status(StatusCode.DataLoss, "half");
            return Task.FromResult(request);
        };

        var raw = await host.SendAsync("/test.Bytes/Unary", Host.Frame("x"));

        Assert.Equal(Host.Frame("x"), raw.Body);
        Assert.Equal("15", raw.Trailers["grpc-status"]);
    }

    [Fact]
    public async Task A_failed_call_puts_its_status_into_the_only_header_block()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static (_, context) =>
        {
            context.ResponseTrailers.Add("note", "late");
            throw new RpcException(new Status(StatusCode.NotFound, "100% gone: größe\n"));
        };

        var raw = await host.SendAsync("/test.Bytes/Unary", Host.Frame("x"));

        Assert.Equal("5", raw.Headers["grpc-status"]);
        Assert.Equal("100%25 gone: gr%C3%B6%C3%9Fe%0A", raw.Headers["grpc-message"]);
        Assert.Equal("late", raw.Headers["note"]);
        Assert.Equal("application/grpc", raw.Headers["content-type"]);
        Assert.Empty(raw.Trailers);
        Assert.Empty(raw.Body);
    }

    [Fact]
    public async Task A_text_that_needs_encoding_comes_back_as_it_was()
    {
        const string Text = "100% größe\r\n\u0001 \u4e2d";
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static (_, _) => throw new RpcException(new Status(StatusCode.NotFound, Text));

        Assert.Equal(Text, (await Host.FailsAsync(host.Unary("x").ResponseAsync)).Status.Detail);
    }

    [Fact]
    public async Task The_context_tells_about_the_call()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static (_, context) =>
        {
            context.UserState["k"] = "v";
            Assert.Equal("v", context.GetHttpContext().Items["k"]);
            Assert.False(context.AuthContext.IsPeerAuthenticated);
            Assert.Equal(DateTime.MaxValue, context.Deadline);
            return Task.FromResult($"{context.Method} {context.Peer.Split(':')[0]} {context.Peer.Split(':')[1]} {context.Host}");
        };

        Assert.Equal($"/test.Bytes/Unary ipv4 127.0.0.1 {new Uri(host.Address).Authority}", await host.Unary("x"));
    }
}

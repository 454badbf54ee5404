using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Kv.Compat.Tests.Grpc;

public sealed class LimitTests
{
    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public async Task A_request_may_be_as_long_as_the_limit(int length, bool fits)
    {
        await using var host = await Host.StartAsync(options => options.MaxReceiveMessageSize = 1000);
        var call = host.Unary(new string('x', length)).ResponseAsync;

        if (fits)
        {
            Assert.Equal(length, (await call).Length);
            return;
        }

        var e = await Host.FailsAsync(call);
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Equal("Received message exceeds the maximum configured message size.", e.Status.Detail);
    }

    [Fact]
    public async Task A_request_too_large_for_the_window_is_refused_without_being_read()
    {
        await using var host = await Host.StartAsync(options => options.MaxReceiveMessageSize = 1000);

        for (var i = 0; i < 5; i++)
        {
            var e = await Host.FailsAsync(host.Unary(new string('x', 20_000_000)).ResponseAsync);
            Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        }

        Assert.Equal("ok", await host.Unary("ok"));
    }

    [Fact]
    public async Task Without_a_limit_eight_megabytes_pass()
    {
        await using var host = await Host.StartAsync(options => options.MaxReceiveMessageSize = null, channel: new() { MaxReceiveMessageSize = null });
        var text = new string('x', 8 << 20);

        Assert.Equal(text, await host.Unary(text));
    }

    [Fact]
    public async Task A_stream_reader_hears_of_a_message_that_is_too_large()
    {
        await using var host = await Host.StartAsync(options => options.MaxReceiveMessageSize = 1000);
        using var call = host.Up();
        await call.RequestStream.WriteAsync("fits");
        await call.RequestStream.WriteAsync(new string('x', 1001));

        Assert.Equal(StatusCode.ResourceExhausted, (await Host.FailsAsync(call.ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_not_sent()
    {
        await using var host = await Host.StartAsync(options => options.MaxSendMessageSize = 1000);
        host.Service.OnUnary = static (request, _) => Task.FromResult(request + request);

        Assert.Equal(1000, (await host.Unary(new string('x', 500))).Length);
        var e = await Host.FailsAsync(host.Unary(new string('x', 501)).ResponseAsync);
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Equal("Sending message exceeds the maximum configured message size.", e.Status.Detail);
    }

    [Fact]
    public async Task The_limits_of_one_service_replace_those_of_all()
    {
        await using var host = await Host.StartAsync(
            options => options.MaxReceiveMessageSize = 10,
            services => services.AddGrpc().AddServiceOptions<BytesService>(options => options.MaxReceiveMessageSize = 20));

        Assert.Equal(new string('x', 20), await host.Unary(new string('x', 20)));
        Assert.Equal(StatusCode.ResourceExhausted, (await Host.FailsAsync(host.Unary(new string('x', 21)).ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task A_client_has_limits_of_its_own()
    {
        await using var host = await Host.StartAsync(channel: new() { MaxReceiveMessageSize = 100, MaxSendMessageSize = 200 });

        Assert.Equal(StatusCode.ResourceExhausted, (await Host.FailsAsync(host.Unary(new string('x', 101)).ResponseAsync)).StatusCode);
        Assert.Equal(StatusCode.ResourceExhausted, (await Host.FailsAsync(host.Unary(new string('x', 201)).ResponseAsync)).StatusCode);
    }

    [Fact]
    public void Four_mebibytes_are_the_limit_unless_one_is_set()
    {
        static int? Limit(Action<GrpcServiceOptions>? configure)
        {
            var services = new ServiceCollection();
            services.AddGrpc(configure ?? (static _ => { }));
            return services.BuildServiceProvider().GetRequiredService<Microsoft.Extensions.Options.IOptions<GrpcServiceOptions>>().Value.MaxReceiveMessageSize;
        }

        Assert.Equal(4 << 20, Limit(null));
        Assert.Null(Limit(static options => options.MaxReceiveMessageSize = null));
        Assert.Equal(7, Limit(static options => options.MaxReceiveMessageSize = 7));
    }
}

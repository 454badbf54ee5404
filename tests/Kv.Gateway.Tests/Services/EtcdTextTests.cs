using Grpc.Core;
using Kv.Gateway.Protos.GrpcHealthV1;
using Kv.Gateway.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Kv.Gateway.Tests.Services;

/// <summary>What a grpc-go server says where grpc-dotnet has other words.</summary>
public sealed class EtcdTextTests
{
    private const int Limit = 2 * 1024 * 1024;

    [Theory]
    [InlineData("/grpc.health.v1.Health/Nope", "unknown method Nope for service grpc.health.v1.Health")]
    [InlineData("/no.Such/Nope", "unknown service no.Such")]
    [InlineData("/no.Such/deep/Nope", "unknown service no.Such/deep")]
    [InlineData("/Nope", "malformed method name: \"/Nope\"")]
    [InlineData("/no.Such/gr%C3%B6%C3%9Fe", "unknown service no.Such")]
    public async Task Unknown_names_are_unimplemented(string path, string text)
    {
        await using var host = await StartAsync();

        Assert.Equal((200, "12", text), await StatusAsync(host.PostAsync(path, ServiceHost.Frame([]))));
    }

    [Fact]
    public async Task What_is_no_call_goes_elsewhere()
    {
        await using var host = await StartAsync();

        Assert.Equal(418, (await host.PostAsync("/no.Such/Nope", [], "application/json")).Http);
        Assert.Equal("0", (await host.PostAsync("/grpc.health.v1.Health/Check", ServiceHost.Frame([]))).Status);
    }

    [Theory]
    [InlineData(Limit + 1)]
    [InlineData(20_000_000)]
    public async Task A_request_that_is_too_large_is_told_both_numbers(int length)
    {
        await using var host = await StartAsync();

        Assert.Equal((200, "8", $"grpc: received message larger than max ({length} vs. {Limit})"), await StatusAsync(host.PostAsync("/grpc.health.v1.Health/Check", ServiceHost.Frame(new byte[length]))));
        Assert.Equal((200, "8", $"grpc: received message larger than max ({length} vs. {Limit})"), await StatusAsync(host.PostAsync("/grpc.health.v1.Health/Watch", ServiceHost.Frame(new byte[length]))));
    }

    [Fact]
    public async Task A_prefix_alone_is_enough_to_be_refused_by()
    {
        await using var host = await StartAsync();

        Assert.Equal((200, "8", $"grpc: received message larger than max (2147483647 vs. {Limit})"), await StatusAsync(host.PostAsync("/grpc.health.v1.Health/Check", [0, 127, 255, 255, 255])));
    }

    [Fact]
    public async Task A_request_that_does_not_parse_is_an_internal_error()
    {
        await using var host = await StartAsync();

        var (http, status, message) = await StatusAsync(host.PostAsync("/grpc.health.v1.Health/Check", ServiceHost.Frame([0xff, 0xff])));

        Assert.Equal((200, "13"), (http, status));
        Assert.StartsWith("grpc: error unmarshalling request: ", message, StringComparison.Ordinal);
    }

    private static Task<ServiceHost> StartAsync() => ServiceHost.StartAsync(
        static options =>
        {
            options.IgnoreUnknownServices = true;
            options.MaxReceiveMessageSize = Limit;
        },
        static services => services.AddSingleton<Strict>(),
        static app =>
        {
            app.MapGrpcService<Strict>().WithMessageLimitText(Limit);
            app.MapUnknownMethods(static http =>
            {
                http.Response.StatusCode = 418;
                return Task.CompletedTask;
            });
        });

    private static async Task<(int Http, string? Status, string? Message)> StatusAsync(Task<(int Http, string? Status, string? Message, byte[] Body)> response)
    {
        var (http, status, message, _) = await response;
        return (http, status, message);
    }

    [BindServiceMethod(typeof(Strict), nameof(Bind))]
    private sealed class Strict : Health.HealthBase
    {
        public static void Bind(ServiceBinderBase binder, Health.HealthBase? service) => Health.BindService(new EtcdBinder(binder), service!);

        public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) => Task.FromResult(new HealthCheckResponse());

        public override Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context) => Task.CompletedTask;
    }
}

using Grpc.Core;
using Kv.Gateway.Protos.GrpcHealthV1;
using Kv.Gateway.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using ServingStatus = Kv.Gateway.Protos.GrpcHealthV1.HealthCheckResponse.Types.ServingStatus;

namespace Kv.Gateway.Tests.Services;

public sealed class HealthServiceTests
{
    [Fact]
    public async Task The_server_serves_until_told_otherwise()
    {
        var health = new HealthService();
        await using var host = await StartAsync(health);
        var client = new Health.HealthClient(host.Channel);

        Assert.Equal(ServingStatus.Serving, (await client.CheckAsync(new HealthCheckRequest())).Status);
        health.Set("", serving: false);
        Assert.Equal(ServingStatus.NotServing, (await client.CheckAsync(new HealthCheckRequest())).Status);
        health.Set("", serving: true);
        Assert.Equal(ServingStatus.Serving, (await client.CheckAsync(new HealthCheckRequest())).Status);
    }

    [Fact]
    public async Task An_unknown_name_is_not_found()
    {
        await using var host = await StartAsync(new HealthService());

        var e = await Assert.ThrowsAsync<RpcException>(async () => await new Health.HealthClient(host.Channel).CheckAsync(new HealthCheckRequest { Service = "nope" }));

        Assert.Equal((StatusCode.NotFound, "unknown service"), (e.StatusCode, e.Status.Detail));
    }

    [Fact]
    public async Task A_watcher_hears_of_every_lasting_change_and_of_the_shutdown()
    {
        var health = new HealthService();
        await using var host = await StartAsync(health);
        using var watch = new Health.HealthClient(host.Channel).Watch(new HealthCheckRequest { Service = "kv" });

        Assert.Equal(ServingStatus.ServiceUnknown, await NextAsync(watch));
        health.Set("kv", serving: true);
        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));
        health.Set("other", serving: true);      // no news for this watcher
        health.Shutdown();
        Assert.Equal(ServingStatus.NotServing, await NextAsync(watch));
        var end = await Assert.ThrowsAsync<RpcException>(() => NextAsync(watch));      // a call that stayed would hold the process up
        Assert.Equal((StatusCode.Unavailable, "etcdserver: server stopped"), (end.StatusCode, end.Status.Detail));
        health.Set("kv", serving: true);         // too late
        Assert.Equal(ServingStatus.NotServing, (await new Health.HealthClient(host.Channel).CheckAsync(new HealthCheckRequest { Service = "kv" })).Status);
    }

    [Fact]
    public async Task The_list_has_every_name_up_to_a_hundred()
    {
        var health = new HealthService();
        health.Set("kv", serving: false);
        await using var host = await StartAsync(health);
        var client = new Health.HealthClient(host.Channel);

        var list = await client.ListAsync(new HealthListRequest());
        Assert.Equal(new Dictionary<string, ServingStatus> { [""] = ServingStatus.Serving, ["kv"] = ServingStatus.NotServing }, list.Statuses.ToDictionary(static s => s.Key, static s => s.Value.Status));

        for (var i = 0; i < 100; i++) health.Set($"s{i}", serving: true);
        var e = await Assert.ThrowsAsync<RpcException>(async () => await client.ListAsync(new HealthListRequest()));
        Assert.Equal((StatusCode.ResourceExhausted, "server health list exceeds maximum capacity: 100"), (e.StatusCode, e.Status.Detail));
    }

    private static Task<ServiceHost> StartAsync(HealthService health)
        => ServiceHost.StartAsync(static _ => { }, services => services.AddSingleton(health), static app => app.MapGrpcService<HealthService>());

    private static async Task<ServingStatus> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext().WaitAsync(ServiceHost.Patience));
        return watch.ResponseStream.Current.Status;
    }
}

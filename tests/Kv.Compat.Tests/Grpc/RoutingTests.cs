using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Kv.Compat.Tests.Grpc;

public sealed class RoutingTests
{
    [Fact]
    public async Task An_unknown_method_is_unimplemented()
    {
        await using var host = await Host.StartAsync();

        var e = await Host.FailsAsync(host.Invoker.AsyncUnaryCall(BytesServiceBase.Methods.Missing, null, default, "x").ResponseAsync);

        Assert.Equal((StatusCode.Unimplemented, "Method is unimplemented."), (e.StatusCode, e.Status.Detail));
    }

    [Fact]
    public async Task An_unknown_service_is_unimplemented()
    {
        await using var host = await Host.StartAsync();

        var e = await Host.FailsAsync(host.Invoker.AsyncUnaryCall(BytesServiceBase.Methods.Elsewhere, null, default, "x").ResponseAsync);

        Assert.Equal((StatusCode.Unimplemented, "Service is unimplemented."), (e.StatusCode, e.Status.Detail));
    }

    [Fact]
    public async Task Other_endpoints_may_take_what_is_unknown()
    {
        await using var host = await Host.StartAsync(
            options => options.IgnoreUnknownServices = true,
            map: app => app.MapFallback("{service}/{method}", static http =>
            {
                http.Response.Headers["mine"] = $"{http.Request.RouteValues["service"]} {http.Request.RouteValues["method"]}";
                return Task.CompletedTask;
            }));

        Assert.Equal("test.Bytes Missing", (await host.SendAsync("/test.Bytes/Missing", Host.Frame("x"))).Headers["mine"]);
        Assert.Equal("test.Elsewhere Missing", (await host.SendAsync("/test.Elsewhere/Missing", Host.Frame("x"))).Headers["mine"]);
        Assert.Equal("known", await host.Unary("known"));
    }

    [Theory]
    [InlineData("application/grpc", 200)]
    [InlineData("application/grpc+proto", 200)]
    [InlineData("application/grpc;charset=x", 200)]
    [InlineData("application/grpcx", 415)]
    [InlineData("application/json", 415)]
    [InlineData(null, 415)]
    public async Task A_request_must_have_the_content_type_of_gRPC(string? contentType, int status)
    {
        await using var host = await Host.StartAsync();

        var raw = await host.SendAsync("/test.Bytes/Unary", Host.Frame("x"), contentType);

        Assert.Equal(status, (int)raw.Status);
        Assert.Equal(status == 200 ? "0" : "13", raw.GrpcStatus);
    }

    [Theory]
    [InlineData(true, HttpStatusCode.MethodNotAllowed)]
    [InlineData(false, HttpStatusCode.NotFound)]        // the endpoint for unknown methods matches the path and then declines
    public async Task A_call_must_be_a_post(bool ignoreUnknown, HttpStatusCode expected)
    {
        await using var host = await Host.StartAsync(options => options.IgnoreUnknownServices = ignoreUnknown);

        Assert.Equal(expected, (await host.SendAsync("/test.Bytes/Unary", [], method: HttpMethod.Get)).Status);
    }

    [Fact]
    public async Task Version_1_of_http_is_told_to_upgrade()
    {
        await using var host = await Host.StartAsync(protocols: HttpProtocols.Http1);

        var raw = await host.SendAsync("/test.Bytes/Unary", Host.Frame("x"), version: HttpVersion.Version11);

        Assert.Equal(HttpStatusCode.UpgradeRequired, raw.Status);
        Assert.Equal("HTTP/2", raw.Headers["upgrade"]);
        Assert.Equal("Request protocol 'HTTP/1.1' is not supported.", raw.GrpcMessage);
    }

    [Fact]
    public async Task What_is_no_call_at_all_goes_to_other_endpoints()
    {
        await using var host = await Host.StartAsync(map: app => app.MapPost("/v3/kv", static http => http.Response.WriteAsync("json")));

        Assert.Equal("json"u8.ToArray(), (await host.SendAsync("/v3/kv", [], "application/json")).Body);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync("/v3/none", [], "application/json")).Status);
    }

    [Fact]
    public async Task Endpoints_say_which_method_they_are()
    {
        var source = default(EndpointDataSource);
        await using var host = await Host.StartAsync(map: app => source = app.Services.GetRequiredService<EndpointDataSource>());

        var methods = source!.Endpoints.Select(static e => e.Metadata.GetMetadata<GrpcMethodMetadata>()).OfType<GrpcMethodMetadata>().ToList();

        Assert.Equal(["/test.Bytes/Unary", "/test.Bytes/Up", "/test.Bytes/Down", "/test.Bytes/Both"], methods.Select(static m => m.Method.FullName));
        Assert.All(methods, static m => Assert.Equal(typeof(BytesService), m.ServiceType));
    }

    [Fact]
    public void Mapping_without_AddGrpc_says_so()
    {
        var builder = WebApplication.CreateSlimBuilder();
        using var app = builder.Build();

        Assert.Contains("AddGrpc", Assert.Throws<InvalidOperationException>(() => app.MapGrpcService<BytesService>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unavailable()
    {
        using var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress("http://127.0.0.1:1");

        var e = await Host.FailsAsync(channel.CreateCallInvoker().AsyncUnaryCall(BytesServiceBase.Methods.Unary, null, default, "x").ResponseAsync);

        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
    }

    [Fact]
    public async Task A_response_that_is_not_gRPC_becomes_a_status_by_its_http_code()
    {
        await using var host = await Host.StartAsync(
            options => options.IgnoreUnknownServices = true,
            map: app => app.MapPost("/test.Elsewhere/Missing", static http =>
            {
                http.Response.StatusCode = 503;
                return Task.CompletedTask;
            }));

        var e = await Host.FailsAsync(host.Invoker.AsyncUnaryCall(BytesServiceBase.Methods.Elsewhere, null, default, "x").ResponseAsync);

        Assert.Equal((StatusCode.Unavailable, "Bad gRPC response. HTTP status code: 503"), (e.StatusCode, e.Status.Detail));
    }
}

using Google.Protobuf.Reflection;
using Grpc.Core;
using Kv.Gateway.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using V1 = Kv.Gateway.Protos.GrpcReflectionV1;

namespace Kv.Gateway.Tests.Services;

public sealed class ReflectionServiceTests
{
    private static readonly ReflectionIndex s_index = new(
    [
        Protos.Etcdserverpb.KV.Descriptor, Protos.GrpcHealthV1.Health.Descriptor, V1.ServerReflection.Descriptor,
    ]);

    [Fact]
    public async Task The_services_are_listed_by_both_versions()
    {
        await using var host = await StartAsync();
        string[] expected = ["etcdserverpb.KV", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];

        var response = await AskAsync(host, new V1.ServerReflectionRequest { Host = "h", ListServices = "" });
        Assert.Equal(expected, response.ListServicesResponse.Service.Select(static s => s.Name));
        Assert.Equal(("h", "h"), (response.ValidHost, response.OriginalRequest.Host));

        using var alpha = host.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(ReflectionServiceAlpha.Info, null, default);
        await alpha.RequestStream.WriteAsync(new V1.ServerReflectionRequest { ListServices = "*" });
        Assert.True(await alpha.ResponseStream.MoveNext().WaitAsync(ServiceHost.Patience));
        Assert.Equal(expected, alpha.ResponseStream.Current.ListServicesResponse.Service.Select(static s => s.Name));
    }

    [Theory]
    [InlineData("etcdserverpb.KV", "services.proto")]
    [InlineData("etcdserverpb.KV.Range", "services.proto")]
    [InlineData("etcdserverpb.RangeRequest", "rpc.proto")]
    [InlineData("etcdserverpb.RangeRequest.SortOrder", "rpc.proto")]
    [InlineData("etcdserverpb.RangeRequest.ASCEND", "rpc.proto")]
    [InlineData("etcdserverpb.RangeRequest.key", "rpc.proto")]
    [InlineData("mvccpb.KeyValue", "kv.proto")]
    [InlineData("grpc.health.v1.Health", "health.proto")]
    public async Task A_symbol_finds_its_file_and_all_that_it_imports(string symbol, string file)
    {
        await using var host = await StartAsync();

        var response = await AskAsync(host, new V1.ServerReflectionRequest { FileContainingSymbol = symbol });

        var files = response.FileDescriptorResponse.FileDescriptorProto.Select(FileDescriptorProto.Parser.ParseFrom).ToList();
        Assert.Equal(file, files[0].Name);
        Assert.Subset(files.Select(static f => f.Name).ToHashSet(), files.SelectMany(static f => f.Dependency).ToHashSet());
    }

    [Fact]
    public async Task A_stream_does_not_get_an_import_twice()
    {
        await using var host = await StartAsync();
        using var call = new V1.ServerReflection.ServerReflectionClient(host.Channel).ServerReflectionInfo();

        Assert.Contains("kv.proto", await NamesAsync(call, "etcdserverpb.KV"));
        Assert.Equal(["services.proto"], await NamesAsync(call, "etcdserverpb.KV"));
        Assert.Equal(["kv.proto"], await NamesAsync(call, "mvccpb.KeyValue"));
    }

    [Fact]
    public async Task A_file_is_found_by_name_and_what_is_not_there_is_not_found()
    {
        await using var host = await StartAsync();

        Assert.NotNull((await AskAsync(host, new V1.ServerReflectionRequest { FileByFilename = "rpc.proto" })).FileDescriptorResponse);
        Assert.Equal(5, (await AskAsync(host, new V1.ServerReflectionRequest { FileByFilename = "x.proto" })).ErrorResponse.ErrorCode);
        Assert.Equal("symbol not found: no.Such", (await AskAsync(host, new V1.ServerReflectionRequest { FileContainingSymbol = "no.Such" })).ErrorResponse.ErrorMessage);
        Assert.Equal(5, (await AskAsync(host, new V1.ServerReflectionRequest { AllExtensionNumbersOfType = "no.Such" })).ErrorResponse.ErrorCode);
        Assert.Equal(5, (await AskAsync(host, new V1.ServerReflectionRequest { FileContainingExtension = new() { ContainingType = "mvccpb.KeyValue", ExtensionNumber = 1 } })).ErrorResponse.ErrorCode);
        Assert.Empty((await AskAsync(host, new V1.ServerReflectionRequest { AllExtensionNumbersOfType = "mvccpb.KeyValue" })).AllExtensionNumbersResponse.ExtensionNumber);
        var e = await Assert.ThrowsAsync<RpcException>(() => AskAsync(host, new V1.ServerReflectionRequest()));
        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
    }

    private static Task<ServiceHost> StartAsync() => ServiceHost.StartAsync(
        static _ => { },
        static services => services.AddSingleton(s_index).AddSingleton<ReflectionService>().AddSingleton<ReflectionServiceAlpha>(),
        static app =>
        {
            app.MapGrpcService<ReflectionService>();
            app.MapGrpcService<ReflectionServiceAlpha>();
        });

    private static async Task<V1.ServerReflectionResponse> AskAsync(ServiceHost host, V1.ServerReflectionRequest request)
    {
        using var call = new V1.ServerReflection.ServerReflectionClient(host.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(request);
        Assert.True(await call.ResponseStream.MoveNext().WaitAsync(ServiceHost.Patience));
        return call.ResponseStream.Current;
    }

    private static async Task<List<string>> NamesAsync(AsyncDuplexStreamingCall<V1.ServerReflectionRequest, V1.ServerReflectionResponse> call, string symbol)
    {
        await call.RequestStream.WriteAsync(new V1.ServerReflectionRequest { FileContainingSymbol = symbol });
        Assert.True(await call.ResponseStream.MoveNext().WaitAsync(ServiceHost.Patience));
        return [.. call.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto.Select(static f => FileDescriptorProto.Parser.ParseFrom(f).Name)];
    }
}

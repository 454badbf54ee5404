using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Kv.Compat.Tests.Grpc;

public sealed class InterceptorAndActivationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Interceptors_run_around_every_kind_of_call_outermost_first(bool singleton)
    {
        var journal = new ConcurrentQueue<string>();
        await using var host = await Host.StartAsync(
            options =>
            {
                options.Interceptors.Add<Outer>();
                options.Interceptors.Add<Inner>("i");
            },
            services =>
            {
                services.AddSingleton(journal);
                if (singleton) services.AddSingleton<Outer>();
            });

        Assert.Equal("x", await host.Unary("x"));
        using (var up = host.Up())
        {
            await up.RequestStream.CompleteAsync();
            await up;
        }

        using (var down = host.Down("x")) await Host.ReadAllAsync(down.ResponseStream);
        using (var both = host.Both())
        {
            await both.RequestStream.CompleteAsync();
            await Host.ReadAllAsync(both.ResponseStream);
        }

        string[] kinds = ["Unary", "Up", "Down", "Both"];
        Assert.Equal(kinds.SelectMany(static k => new[] { $"o>{k}", $"i>{k}", $"i<{k}", $"o<{k}" }), journal);
    }

    [Fact]
    public async Task An_interceptor_may_refuse_a_call()
    {
        await using var host = await Host.StartAsync(options => options.Interceptors.Add<Refusing>());

        var e = await Host.FailsAsync(host.Unary("x").ResponseAsync);

        Assert.Equal((StatusCode.Unauthenticated, "etcdserver: invalid auth token"), (e.StatusCode, e.Status.Detail));
        using var down = host.Down("x");
        Assert.Equal(StatusCode.Unauthenticated, (await Host.FailsAsync(down.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
    }

    [Fact]
    public async Task Client_interceptors_change_what_is_sent()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static (_, context) => Task.FromResult(string.Join(' ', context.RequestHeaders.GetAll("k").Select(static e => e.Value)));
        var invoker = host.Channel.Intercept(static metadata =>
        {
            metadata.Add("k", "1");
            return metadata;
        });

        Assert.Equal("1", await invoker.AsyncUnaryCall(BytesServiceBase.Methods.Unary, null, default, "x"));
    }

    [Fact]
    public async Task A_scoped_service_is_made_for_each_call_and_disposed_of_after_it()
    {
        var journal = new ConcurrentQueue<string>();
        await using var host = await Host.StartAsync(
            services: services => services.AddSingleton(journal).AddScoped<PerCall>().AddScoped<Dependency>(),
            map: static app => app.MapGrpcService<PerCall>());

        for (var i = 0; i < 2; i++) Assert.Equal("per call", await host.Invoker.AsyncUnaryCall(PerCallBase.Method, null, default, "x"));

        // The scope ends after the response has been sent.
        Assert.True(SpinWait.SpinUntil(() => journal.Count == 4, Host.Patience));
        Assert.Equal(["made", "disposed", "made", "disposed"], journal);
    }

    [Fact]
    public async Task A_service_that_is_not_registered_is_made_for_each_call_as_well()
    {
        var journal = new ConcurrentQueue<string>();
        await using var host = await Host.StartAsync(
            services: services => services.AddSingleton(journal).AddScoped<Dependency>(),
            map: static app => app.MapGrpcService<PerCall>());

        Assert.Equal("per call", await host.Invoker.AsyncUnaryCall(PerCallBase.Method, null, default, "x"));
        Assert.True(SpinWait.SpinUntil(() => journal.Count == 2, Host.Patience));
        Assert.Equal(["made", "disposed"], journal);
    }

    [Fact]
    public async Task A_base_class_without_the_method_is_an_error_when_it_is_mapped()
    {
        var e = await Assert.ThrowsAnyAsync<Exception>(() => Host.StartAsync(map: static app => app.MapGrpcService<Incomplete>()));

        Assert.Contains("Could not find 'Absent'", e.GetBaseException().Message, StringComparison.Ordinal);
    }

    private sealed class Outer(ConcurrentQueue<string> journal) : Journaling(journal, "o");

    private sealed class Inner(ConcurrentQueue<string> journal, string name) : Journaling(journal, name);

    private abstract class Journaling(ConcurrentQueue<string> journal, string name) : Interceptor
    {
        public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            Enter(context);
            var response = await continuation(request, context);
            Leave(context);
            return response;
        }

        public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
        {
            Enter(context);
            var response = await continuation(requestStream, context);
            Leave(context);
            return response;
        }

        public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
        {
            Enter(context);
            await continuation(request, responseStream, context);
            Leave(context);
        }

        public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
        {
            Enter(context);
            await continuation(requestStream, responseStream, context);
            Leave(context);
        }

        private void Enter(ServerCallContext context) => journal.Enqueue($"{name}>{context.Method.Split('/')[2]}");

        private void Leave(ServerCallContext context) => journal.Enqueue($"{name}<{context.Method.Split('/')[2]}");
    }

    private sealed class Refusing : Interceptor
    {
        private static RpcException Refusal => new(new Status(StatusCode.Unauthenticated, "etcdserver: invalid auth token"));

        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) => throw Refusal;

        public override Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) => throw Refusal;
    }

    private sealed class Dependency;

    [BindServiceMethod(typeof(PerCallBase), nameof(BindService))]
    private abstract class PerCallBase
    {
        public static readonly Method<string, string> Method = new(MethodType.Unary, "test.PerCall", "Get", Marshallers.StringMarshaller, Marshallers.StringMarshaller);

        public static void BindService(ServiceBinderBase binder, PerCallBase? service)
            => binder.AddMethod(Method, service is null ? null : new UnaryServerMethod<string, string>(service.Get));

        public abstract Task<string> Get(string request, ServerCallContext context);
    }

    private sealed class PerCall : PerCallBase, IDisposable
    {
        private readonly ConcurrentQueue<string> _journal;

        public PerCall(ConcurrentQueue<string> journal, Dependency dependency)
        {
            Assert.NotNull(dependency);
            _journal = journal;
            _journal.Enqueue("made");
        }

        public override async Task<string> Get(string request, ServerCallContext context)
        {
            await Task.Yield();
            return "per call";
        }

        public void Dispose() => _journal.Enqueue("disposed");
    }

    [BindServiceMethod(typeof(Incomplete), nameof(BindService))]
    private sealed class Incomplete
    {
        public static void BindService(ServiceBinderBase binder, Incomplete? service)
            => binder.AddMethod(new Method<string, string>(MethodType.Unary, "test.Incomplete", "Absent", Marshallers.StringMarshaller, Marshallers.StringMarshaller), (UnaryServerMethod<string, string>?)null);
    }
}

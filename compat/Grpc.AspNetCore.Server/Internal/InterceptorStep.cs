using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>One interceptor around methods. A singleton is found once; any other is made, and released, on each call.</summary>
internal sealed class InterceptorStep
{
    private readonly InterceptorRegistration _registration;
    private readonly IGrpcInterceptorActivator _activator;
    private readonly IServiceProvider _root;
    private readonly bool _singleton;
    private Interceptor? _instance;

    public InterceptorStep(InterceptorRegistration registration, IServiceProvider root, RegisteredLifetimes lifetimes)
    {
        _registration = registration;
        _root = root;
        _activator = (IGrpcInterceptorActivator)root.GetRequiredService(typeof(IGrpcInterceptorActivator<>).MakeGenericType(registration.Type));
        _singleton = registration.Arguments.Count == 0
            && _activator.GetType() == typeof(DefaultGrpcInterceptorActivator<>).MakeGenericType(registration.Type)
            && lifetimes.IsSingleton(registration.Type);
    }

    private Interceptor Instance => _instance ??= (Interceptor)_root.GetRequiredService(_registration.Type);

    public UnaryServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(UnaryServerMethod<TRequest, TResponse> next)
        where TRequest : class
        where TResponse : class
    {
        if (_singleton) return (request, call) => Instance.UnaryServerHandler(request, call, next);
        return async (request, call) =>
        {
            var handle = Create(call);
            try
            {
                return await handle.Instance.UnaryServerHandler(request, call, next).ConfigureAwait(false);
            }
            finally
            {
                await _activator.ReleaseAsync(handle).ConfigureAwait(false);
            }
        };
    }

    public ClientStreamingServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(ClientStreamingServerMethod<TRequest, TResponse> next)
        where TRequest : class
        where TResponse : class
    {
        if (_singleton) return (requests, call) => Instance.ClientStreamingServerHandler(requests, call, next);
        return async (requests, call) =>
        {
            var handle = Create(call);
            try
            {
                return await handle.Instance.ClientStreamingServerHandler(requests, call, next).ConfigureAwait(false);
            }
            finally
            {
                await _activator.ReleaseAsync(handle).ConfigureAwait(false);
            }
        };
    }

    public ServerStreamingServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(ServerStreamingServerMethod<TRequest, TResponse> next)
        where TRequest : class
        where TResponse : class
    {
        if (_singleton) return (request, responses, call) => Instance.ServerStreamingServerHandler(request, responses, call, next);
        return async (request, responses, call) =>
        {
            var handle = Create(call);
            try
            {
                await handle.Instance.ServerStreamingServerHandler(request, responses, call, next).ConfigureAwait(false);
            }
            finally
            {
                await _activator.ReleaseAsync(handle).ConfigureAwait(false);
            }
        };
    }

    public DuplexStreamingServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(DuplexStreamingServerMethod<TRequest, TResponse> next)
        where TRequest : class
        where TResponse : class
    {
        if (_singleton) return (requests, responses, call) => Instance.DuplexStreamingServerHandler(requests, responses, call, next);
        return async (requests, responses, call) =>
        {
            var handle = Create(call);
            try
            {
                await handle.Instance.DuplexStreamingServerHandler(requests, responses, call, next).ConfigureAwait(false);
            }
            finally
            {
                await _activator.ReleaseAsync(handle).ConfigureAwait(false);
            }
        };
    }

    private GrpcActivatorHandle<Interceptor> Create(ServerCallContext call) => _activator.Create(call.GetHttpContext().RequestServices, _registration);
}

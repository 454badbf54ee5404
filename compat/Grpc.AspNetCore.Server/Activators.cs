using Grpc.Core.Interceptors;

namespace Grpc.AspNetCore.Server;

/// <summary>An instance made or found for one call.</summary>
public readonly struct GrpcActivatorHandle<T>
{
    /// <summary>The instance, whether the activator made it, and what it needs to give it back.</summary>
    public GrpcActivatorHandle(T instance, bool created, object? state)
    {
        Instance = instance;
        Created = created;
        State = state;
    }

    /// <summary>The instance.</summary>
    public T Instance { get; }

    /// <summary>Whether the activator made it and so must dispose of it.</summary>
    public bool Created { get; }

    /// <summary>The activator's own.</summary>
    public object? State { get; }
}

/// <summary>Finds a service for a call.</summary>
public interface IGrpcServiceActivator<TGrpcService>
    where TGrpcService : class
{
    /// <summary>The service for a call whose services are <paramref name="serviceProvider"/>.</summary>
    GrpcActivatorHandle<TGrpcService> Create(IServiceProvider serviceProvider);

    /// <summary>The call has ended.</summary>
    ValueTask ReleaseAsync(GrpcActivatorHandle<TGrpcService> service);
}

/// <summary>Finds an interceptor for a call.</summary>
public interface IGrpcInterceptorActivator
{
    /// <summary>The interceptor for a call whose services are <paramref name="serviceProvider"/>.</summary>
    GrpcActivatorHandle<Interceptor> Create(IServiceProvider serviceProvider, InterceptorRegistration interceptorRegistration);

    /// <summary>The call has ended.</summary>
    ValueTask ReleaseAsync(GrpcActivatorHandle<Interceptor> interceptor);
}

/// <summary>Finds interceptors of one type.</summary>
public interface IGrpcInterceptorActivator<TInterceptor> : IGrpcInterceptorActivator
    where TInterceptor : Interceptor
{
}

using Grpc.Core.Interceptors;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Takes a service from the provider, or makes one if it is not registered.</summary>
internal sealed class DefaultGrpcServiceActivator<TService> : IGrpcServiceActivator<TService>
    where TService : class
{
    private static readonly Lazy<ObjectFactory> s_factory = new(static () => ActivatorUtilities.CreateFactory(typeof(TService), Type.EmptyTypes));

    public GrpcActivatorHandle<TService> Create(IServiceProvider serviceProvider)
        => serviceProvider.GetService<TService>() is { } registered
            ? new GrpcActivatorHandle<TService>(registered, created: false, state: null)
            : new GrpcActivatorHandle<TService>((TService)s_factory.Value(serviceProvider, []), created: true, state: null);

    public ValueTask ReleaseAsync(GrpcActivatorHandle<TService> service) => Release.Async(service.Instance, service.Created);
}

/// <summary>Takes an interceptor from the provider if it needs no arguments and is registered, or makes one.</summary>
internal sealed class DefaultGrpcInterceptorActivator<TInterceptor> : IGrpcInterceptorActivator<TInterceptor>
    where TInterceptor : Interceptor
{
    public GrpcActivatorHandle<Interceptor> Create(IServiceProvider serviceProvider, InterceptorRegistration interceptorRegistration)
        => interceptorRegistration.Arguments.Count == 0 && serviceProvider.GetService<TInterceptor>() is { } registered
            ? new GrpcActivatorHandle<Interceptor>(registered, created: false, state: null)
            : new GrpcActivatorHandle<Interceptor>(interceptorRegistration.Create(serviceProvider), created: true, state: null);

    public ValueTask ReleaseAsync(GrpcActivatorHandle<Interceptor> interceptor) => Release.Async(interceptor.Instance, interceptor.Created);
}

/// <summary>Disposes of what an activator made.</summary>
internal static class Release
{
    public static ValueTask Async(object instance, bool created)
    {
        if (!created) return default;
        if (instance is IAsyncDisposable asyncDisposable) return asyncDisposable.DisposeAsync();
        (instance as IDisposable)?.Dispose();
        return default;
    }
}

/// <summary>Knows which registered services live as long as the server.</summary>
internal sealed class RegisteredLifetimes(IServiceCollection services)
{
    /// <summary>Whether the provider gives out one instance of <paramref name="type"/> for all. The last registration counts.</summary>
    public bool IsSingleton(Type type)
        => services.LastOrDefault(d => !d.IsKeyedService && d.ServiceType == type) is { Lifetime: ServiceLifetime.Singleton };
}

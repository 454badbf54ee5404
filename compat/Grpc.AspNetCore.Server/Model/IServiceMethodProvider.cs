namespace Grpc.AspNetCore.Server.Model;

/// <summary>Finds the methods of a service when it is mapped.</summary>
public interface IServiceMethodProvider<TService>
    where TService : class
{
    /// <summary>Adds to <paramref name="context"/> what it finds.</summary>
    void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context);
}

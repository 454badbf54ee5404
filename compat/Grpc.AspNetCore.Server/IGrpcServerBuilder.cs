namespace Grpc.AspNetCore.Server;

/// <summary>What <c>AddGrpc</c> gives back to add to.</summary>
public interface IGrpcServerBuilder
{
    /// <summary>The services.</summary>
    IServiceCollection Services { get; }
}

using Grpc.AspNetCore.Server.Internal;
using Grpc.Core;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Grpc.AspNetCore.Server.Model;

/// <summary>Collects the methods of a service while it is mapped.</summary>
public class ServiceMethodProviderContext<TService>
    where TService : class
{
    private readonly CallHandlerFactory<TService> _handlers;

    internal ServiceMethodProviderContext(CallHandlerFactory<TService> handlers) => _handlers = handlers;

    internal List<MappedMethod> Methods { get; } = [];

    /// <summary>Adds a unary method with its endpoint metadata.</summary>
    public void AddUnaryMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, IList<object> metadata, UnaryServerMethod<TService, TRequest, TResponse> invoker)
        where TRequest : class
        where TResponse : class => Add(method, metadata, _handlers.Unary(method, invoker));

    /// <summary>Adds a server-streaming method with its endpoint metadata.</summary>
    public void AddServerStreamingMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, IList<object> metadata, ServerStreamingServerMethod<TService, TRequest, TResponse> invoker)
        where TRequest : class
        where TResponse : class => Add(method, metadata, _handlers.ServerStreaming(method, invoker));

    /// <summary>Adds a client-streaming method with its endpoint metadata.</summary>
    public void AddClientStreamingMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, IList<object> metadata, ClientStreamingServerMethod<TService, TRequest, TResponse> invoker)
        where TRequest : class
        where TResponse : class => Add(method, metadata, _handlers.ClientStreaming(method, invoker));

    /// <summary>Adds a duplex-streaming method with its endpoint metadata.</summary>
    public void AddDuplexStreamingMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, IList<object> metadata, DuplexStreamingServerMethod<TService, TRequest, TResponse> invoker)
        where TRequest : class
        where TResponse : class => Add(method, metadata, _handlers.DuplexStreaming(method, invoker));

    /// <summary>Adds a method that <paramref name="invoker"/> handles by itself.</summary>
    public void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, RoutePattern pattern, IList<object> metadata, RequestDelegate invoker)
        where TRequest : class
        where TResponse : class => Methods.Add(new MappedMethod(method, pattern, metadata, invoker));

    private void Add<TRequest, TResponse>(Method<TRequest, TResponse> method, IList<object> metadata, CallHandler handler)
        where TRequest : class
        where TResponse : class => AddMethod(method, RoutePatternFactory.Parse(method.FullName), metadata, handler.HandleAsync);
}

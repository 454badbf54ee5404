using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// Makes the handlers of a service's methods when it is mapped. What can be settled then, is: interceptors become nested
/// delegates, and a service that is a singleton is found once and not through a scope on each call.
/// </summary>
internal sealed class CallHandlerFactory<TService>
    where TService : class
{
    private readonly IServiceProvider _root;
    private readonly IGrpcServiceActivator<TService> _activator;
    private readonly MethodOptions _options;
    private readonly InterceptorStep[] _interceptors;
    private readonly bool _singleton;
    private TService? _instance;

    public CallHandlerFactory(
        IServiceProvider root,
        RegisteredLifetimes lifetimes,
        IGrpcServiceActivator<TService> activator,
        IOptions<GrpcServiceOptions> global,
        IOptions<GrpcServiceOptions<TService>> service,
        IEnumerable<IConfigureOptions<GrpcServiceOptions<TService>>> serviceSetups,
        ILoggerFactory loggers)
    {
        // Options of one service start as a copy of those for all only if AddServiceOptions was called for it.
        GrpcServiceOptions own = service.Value;
        if (!serviceSetups.Any())
        {
            own = new GrpcServiceOptions();
            own.CopyFrom(global.Value);
        }

        _root = root;
        _activator = activator;
        _options = new MethodOptions(global.Value, own);
        _singleton = activator is DefaultGrpcServiceActivator<TService> && lifetimes.IsSingleton(typeof(TService));
        _interceptors = [.. _options.Interceptors.Select(registration => new InterceptorStep(registration, root, lifetimes))];
        Logger = loggers.CreateLogger(Log.Category);
        IgnoresUnknownServices = global.Value.IgnoreUnknownServices ?? false;
        IgnoresUnknownMethods = own.IgnoreUnknownServices ?? IgnoresUnknownServices;
    }

    public bool IgnoresUnknownServices { get; }

    public bool IgnoresUnknownMethods { get; }

    public ILogger Logger { get; }

    private TService Instance => _instance ??= _root.GetRequiredService<TService>();

    public CallHandler Unary<TRequest, TResponse>(Method<TRequest, TResponse> method, Model.UnaryServerMethod<TService, TRequest, TResponse> invoke)
        where TRequest : class
        where TResponse : class
    {
        Core.UnaryServerMethod<TRequest, TResponse> next = _singleton
            ? (request, call) => invoke(Instance, request, call)
            : async (request, call) =>
            {
                var handle = _activator.Create(call.GetHttpContext().RequestServices);
                try
                {
                    return await invoke(handle.Instance, request, call).ConfigureAwait(false);
                }
                finally
                {
                    await _activator.ReleaseAsync(handle).ConfigureAwait(false);
                }
            };
        for (var i = _interceptors.Length - 1; i >= 0; i--) next = _interceptors[i].Around(next);
        return new UnaryCallHandler<TRequest, TResponse>(method, next, _options, Logger);
    }

    public CallHandler ClientStreaming<TRequest, TResponse>(Method<TRequest, TResponse> method, Model.ClientStreamingServerMethod<TService, TRequest, TResponse> invoke)
        where TRequest : class
        where TResponse : class
    {
        Core.ClientStreamingServerMethod<TRequest, TResponse> next = _singleton
            ? (requests, call) => invoke(Instance, requests, call)
            : async (requests, call) =>
            {
                var handle = _activator.Create(call.GetHttpContext().RequestServices);
                try
                {
                    return await invoke(handle.Instance, requests, call).ConfigureAwait(false);
                }
                finally
                {
                    await _activator.ReleaseAsync(handle).ConfigureAwait(false);
                }
            };
        for (var i = _interceptors.Length - 1; i >= 0; i--) next = _interceptors[i].Around(next);
        return new ClientStreamingCallHandler<TRequest, TResponse>(method, next, _options, Logger);
    }

    public CallHandler ServerStreaming<TRequest, TResponse>(Method<TRequest, TResponse> method, Model.ServerStreamingServerMethod<TService, TRequest, TResponse> invoke)
        where TRequest : class
        where TResponse : class
    {
        Core.ServerStreamingServerMethod<TRequest, TResponse> next = _singleton
            ? (request, responses, call) => invoke(Instance, request, responses, call)
            : async (request, responses, call) =>
            {
                var handle = _activator.Create(call.GetHttpContext().RequestServices);
                try
                {
                    await invoke(handle.Instance, request, responses, call).ConfigureAwait(false);
                }
                finally
                {
                    await _activator.ReleaseAsync(handle).ConfigureAwait(false);
                }
            };
        for (var i = _interceptors.Length - 1; i >= 0; i--) next = _interceptors[i].Around(next);
        return new ServerStreamingCallHandler<TRequest, TResponse>(method, next, _options, Logger);
    }

    public CallHandler DuplexStreaming<TRequest, TResponse>(Method<TRequest, TResponse> method, Model.DuplexStreamingServerMethod<TService, TRequest, TResponse> invoke)
        where TRequest : class
        where TResponse : class
    {
        Core.DuplexStreamingServerMethod<TRequest, TResponse> next = _singleton
            ? (requests, responses, call) => invoke(Instance, requests, responses, call)
            : async (requests, responses, call) =>
            {
                var handle = _activator.Create(call.GetHttpContext().RequestServices);
                try
                {
                    await invoke(handle.Instance, requests, responses, call).ConfigureAwait(false);
                }
                finally
                {
                    await _activator.ReleaseAsync(handle).ConfigureAwait(false);
                }
            };
        for (var i = _interceptors.Length - 1; i >= 0; i--) next = _interceptors[i].Around(next);
        return new DuplexStreamingCallHandler<TRequest, TResponse>(method, next, _options, Logger);
    }
}

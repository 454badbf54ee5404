using System.IO.Compression;
using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Net.Compression;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Gateway.Calls;
using Kv.Gateway.Config;
using Kv.Gateway.Http;
using Kv.Gateway.Protos.Etcdserverpb;
using Kv.Gateway.Protos.GrpcHealthV1;
using Kv.Gateway.Services;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kv.Gateway;

/// <summary>The web server in front of a node: listeners, limits, services. One of them a process.</summary>
internal static class GatewayHost
{
    /// <summary>Builds the server; the caller starts it, and stops it before the node.</summary>
    /// <param name="options">Listeners and limits.</param>
    /// <param name="node">The node, from when the server is started on: it may be built while the node starts.</param>
    /// <param name="metrics">The node's.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="open">Its listeners are not bound before this has ended; null for at once.</param>
    public static WebApplication Build(KvServerOptions options, Func<KvNode> node, Metrics metrics, ILoggerProvider logs, Task? open = null)
    {
        var maxReceiveBytes = options.MaxRequestBytes + Limits.GrpcOverheadBytes;
        // Empty: no configuration files are looked for, and none watched in the working directory, where the log is written.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(logs);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // It warns that plain text excludes HTTP/2, which ProtocolSniffer makes untrue; it has nothing else to say below errors.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        // As long as this may log, every request gets an Activity with random ids and an execution context of its own.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // A failed start is told once, by GatewayProcess, without a stack trace.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddSingleton<IConnectionListenerFactory>(
            services => ActivatorUtilities.CreateInstance<DoorsOnTime>(services, open ?? Task.CompletedTask));
        builder.Services.AddRouting();
        builder.Services.AddSingleton(_ => new LeaderWatch(() => node().Status.Raft.HasLeader, options.ElectionTimeout, TimeProvider.System));
        // The node is no service of the container's: that would end it with the server.
        void AddOfNode<T>()
            where T : class => builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<T>(services, node()));
        AddOfNode<KvService>();
        AddOfNode<WatchService>();
        AddOfNode<LeaseService>();
        AddOfNode<ClusterService>();
        AddOfNode<MaintenanceService>();
        builder.Services.AddSingleton<HealthService>();
        builder.Services.AddSingleton(static _ => new ReflectionIndex(Descriptors()));
        builder.Services.AddSingleton<ReflectionService>();
        builder.Services.AddSingleton<ReflectionServiceAlpha>();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.CompressionProviders.Add(new LimitedCompression(new GzipCompressionProvider(CompressionLevel.Fastest), maxReceiveBytes));
            grpc.CompressionProviders.Add(new LimitedCompression(new DeflateCompressionProvider(CompressionLevel.Fastest), maxReceiveBytes));
            grpc.MaxReceiveMessageSize = maxReceiveBytes;
            grpc.MaxSendMessageSize = null;
            grpc.IgnoreUnknownServices = true;
        });
        var app = builder.Build();
        // Before the listeners close: who watches the health goes elsewhere, and its call does not hold the end up.
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<HealthService>().Shutdown);
        var log = logs.CreateLogger("gateway");
        var calls = new GrpcMetrics(metrics, options.ExtensiveMetrics, Descriptors);
        var probe = new NodeProbe(node);
        if (options.ListenMetricsUrls.Count + options.ListenClientHttpUrls.Count > 0)
        {
            app.Use(next => Listeners.Split(next, HttpEndpoints.MetricsOnly(probe, metrics, log)));
        }
        var unknown = UnknownMethods.Handler(app, HttpEndpoints.NotFound);
        app.Use(next => GrpcCalls.Count(next, UnknownMethods.ExactNames(next, unknown), calls, options.WarningUnaryRequestDuration, log));
        app.Use(next => MemberGate.Check(next, node().Status));
        app.MapGrpcService<KvService>().WithMessageLimitText(maxReceiveBytes);
        app.MapGrpcService<WatchService>().WithMessageLimitText(maxReceiveBytes);
        app.MapGrpcService<LeaseService>().WithMessageLimitText(maxReceiveBytes);
        app.MapGrpcService<ClusterService>().WithMessageLimitText(maxReceiveBytes);
        app.MapGrpcService<MaintenanceService>().WithMessageLimitText(maxReceiveBytes);
        app.MapGrpcService<HealthService>();
        app.MapGrpcService<ReflectionService>();
        app.MapGrpcService<ReflectionServiceAlpha>();
        app.MapKvHttp(probe, metrics, log, fallback: false);
        app.MapUnknownMethods(HttpEndpoints.NotFound);
        return app;
    }

    /// <summary>Not to be asked at a start: they are parsed then, and a delegate is made for every field of every message.</summary>
    private static IEnumerable<Google.Protobuf.Reflection.ServiceDescriptor> Descriptors() => ServicesReflection.Descriptor.Services.Concat(HealthReflection.Descriptor.Services);

    private static void Listen(KestrelServerOptions kestrel, KvServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowAlternateSchemes = true;                  // see ProtocolSniffer
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = null;
        limits.MaxRequestBodySize = null;                      // gRPC's own limit speaks first, with etcd's words
        limits.MinRequestBodyDataRate = null;                  // a stream may be silent for hours
        limits.MinResponseDataRate = null;
        limits.KeepAliveTimeout = TimeSpan.FromDays(365);
        limits.Http2.MaxStreamsPerConnection = (int)Math.Min(options.MaxConcurrentStreams, int.MaxValue);
        limits.Http2.KeepAlivePingDelay = options.KeepAliveInterval == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : options.KeepAliveInterval;
        limits.Http2.KeepAlivePingTimeout = options.KeepAliveTimeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : options.KeepAliveTimeout;
        foreach (var url in options.ListenClientUrls)
        {
            Listen(kestrel, url, options.ListenClientHttpUrls.Count > 0 ? ListenerRole.Grpc : ListenerRole.All, options.KeepAliveMinTime);
        }
        foreach (var url in options.ListenClientHttpUrls)
        {
            Listen(kestrel, url, ListenerRole.Http, options.KeepAliveMinTime);
        }
        foreach (var url in options.ListenMetricsUrls)
        {
            Listen(kestrel, url, ListenerRole.Metrics, options.KeepAliveMinTime);
        }
    }

    private static void Listen(KestrelServerOptions kestrel, KvUrl url, ListenerRole role, TimeSpan pingMinTime)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = role switch
            {
                ListenerRole.All => HttpProtocols.Http1AndHttp2,
                ListenerRole.Grpc => HttpProtocols.Http2,
                _ => HttpProtocols.Http1,
            };
            if (role != ListenerRole.All)
            {
                listen.Use(next => Listeners.Mark(next, role));
            }
            if (role is ListenerRole.All or ListenerRole.Grpc)
            {
                listen.Use(next => ProtocolSniffer.Use(next, pingMinTime, TimeProvider.System));
            }
        }
        if (url.IsUnix)
        {
            kestrel.ListenUnixSocket(url.Host, Configure);
        }
        else if (url.Address is { } address)
        {
            kestrel.Listen(new IPEndPoint(address, url.Port), Configure);
        }
        else
        {
            kestrel.ListenLocalhost(url.Port, Configure);
        }
    }
}

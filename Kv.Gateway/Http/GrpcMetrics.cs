using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using Kv.Actors.Meters;
using Kv.Gateway.Calls;
using Descriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Kv.Gateway.Http;

/// <summary>The <c>grpc_server_*</c> metrics: one object a method, made with its first call or all at once, so that counting is an array index.</summary>
/// <remarks>The page shows every method of every service from the beginning. That takes their descriptors, which a start need not wait for.</remarks>
public sealed class GrpcMetrics
{
    private readonly ConcurrentDictionary<string, GrpcMethodMetrics> _byPath = new(StringComparer.Ordinal);
    private readonly Lazy<bool> _all;
    private readonly MetricFamily<Counter> _started, _handled, _received, _sent;
    private readonly MetricFamily<Histogram>? _handling;

    /// <summary>Registers the metrics.</summary>
    /// <param name="metrics">Where.</param>
    /// <param name="extensive">The histogram of durations too, as <c>--metrics=extensive</c> has it.</param>
    /// <param name="services">All services that are counted. Asked once, when the page is first read or a path is called that no service maps.</param>
    public GrpcMetrics(Metrics metrics, bool extensive, Func<IEnumerable<Descriptor>> services)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(services);
        var registry = metrics.Registry;
        metrics.ClientReceivedBytes.From(static () => MessageCounts.AllReceivedBytes);
        metrics.ClientSentBytes.From(static () => MessageCounts.AllSentBytes);
        Unary = new ClientVersions(metrics.ClientRequests, "unary");
        Streams = new ClientVersions(metrics.ClientRequests, "stream");
        string[] labels = ["grpc_type", "grpc_service", "grpc_method"];
        _started = registry.Counters("grpc_server_started_total", "Total number of RPCs started on the server.", labels);
        _handled = registry.Counters("grpc_server_handled_total", "Total number of RPCs completed on the server, regardless of success or failure.", [.. labels, "grpc_code"]);
        _received = registry.Counters("grpc_server_msg_received_total", "Total number of RPC stream messages received on the server.", labels);
        _sent = registry.Counters("grpc_server_msg_sent_total", "Total number of gRPC stream messages sent by the server.", labels);
        _handling = extensive
            ? registry.Histograms("grpc_server_handling_seconds", "Seconds from the start of a call to its end on the server.", 0.005, 2, 12, labels)
            : null;
        _all = new Lazy<bool>(() =>
        {
            foreach (var method in services().SelectMany(static service => service.Methods))
            {
                Of($"/{method.Service.FullName}/{method.Name}", TypeOf(method.IsClientStreaming, method.IsServerStreaming), method.Service.FullName, method.Name);
            }
            return true;
        });
        registry.BeforePage += () => _ = _all.Value;
    }

    /// <summary>Unary calls by the client's version.</summary>
    public ClientVersions Unary { get; }

    /// <summary>Streams by the client's version.</summary>
    public ClientVersions Streams { get; }

    /// <summary>The metrics of the method at that path, <c>/package.Service/Method</c>; null if it is none.</summary>
    /// <param name="path">In the exact case.</param>
    /// <param name="mapped">What the path was found to lead to, in any case; null for nothing.</param>
    public GrpcMethodMetrics? Find(string path, IMethod? mapped) =>
        mapped is not null && mapped.FullName == path ? Of(path, mapped.Type, mapped.ServiceName, mapped.Name)
        : _all.Value ? Find(path)
        : null;

    /// <summary>The same for a method that was found before; null too for one that was not.</summary>
    public GrpcMethodMetrics? Find(string path) => _byPath.GetValueOrDefault(path);

    private GrpcMethodMetrics Of(string path, MethodType type, string service, string method) => _byPath.GetOrAdd(path, _ =>
    {
        string[] labels = [Label(type), service, method];
        var messages = MessageCounts.Of(path);
        _received.With(labels).From(() => messages.Received);
        _sent.With(labels).From(() => messages.Sent);
        var isUnary = type == MethodType.Unary;
        return new GrpcMethodMetrics(
            _started.With(labels),
            [.. Enumerable.Range(0, (int)StatusCode.Unauthenticated + 1).Select(code => _handled.With([.. labels, ErrorMap.GoCode((StatusCode)code)]))],
            _handling?.With(labels),
            isUnary ? Unary : Streams,
            isUnary);
    });

    private static MethodType TypeOf(bool isClientStreaming, bool isServerStreaming) => (isClientStreaming, isServerStreaming) switch
    {
        (false, false) => MethodType.Unary,
        (false, true) => MethodType.ServerStreaming,
        (true, false) => MethodType.ClientStreaming,
        _ => MethodType.DuplexStreaming,
    };

    private static string Label(MethodType type) => type switch
    {
        MethodType.Unary => "unary",
        MethodType.ServerStreaming => "server_stream",
        MethodType.ClientStreaming => "client_stream",
        _ => "bidi_stream",
    };
}

/// <summary>The metrics of one method. Every call is an interlocked addition and allocates nothing.</summary>
public sealed class GrpcMethodMetrics
{
    private readonly Counter _started;
    private readonly Counter[] _handled;
    private readonly Histogram? _handling;

    internal GrpcMethodMetrics(Counter started, Counter[] handled, Histogram? handling, ClientVersions clients, bool isUnary) =>
        (_started, _handled, _handling, Clients, IsUnary) = (started, handled, handling, clients, isUnary);

    /// <summary>Where the client's version is counted.</summary>
    public ClientVersions Clients { get; }

    /// <summary>One request, one response.</summary>
    public bool IsUnary { get; }

    /// <summary>A call began. Hand the answer, a timestamp, to <see cref="Handled"/>.</summary>
    public long Started()
    {
        _started.Add();
        return Stopwatch.GetTimestamp();
    }

    /// <summary>The call ended with <paramref name="code"/>; a code outside gRPC's counts as Unknown.</summary>
    public void Handled(StatusCode code, long startTimestamp)
    {
        var index = (int)code;
        _handled[(uint)index < (uint)_handled.Length ? index : (int)StatusCode.Unknown].Add();
        _handling?.RecordSince(startTimestamp);
    }
}

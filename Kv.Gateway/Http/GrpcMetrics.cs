using System.Diagnostics;
using Grpc.Core;
using Kv.Actors.Meters;
using Kv.Gateway.Calls;
using MethodDescriptor = Google.Protobuf.Reflection.MethodDescriptor;

namespace Kv.Gateway.Http;

/// <summary>The <c>grpc_server_*</c> metrics: one object a method, made at start from the service descriptors, so that counting is an array index.</summary>
public sealed class GrpcMetrics
{
    private readonly Dictionary<string, GrpcMethodMetrics> _byPath = new(StringComparer.Ordinal);
    private readonly MetricFamily<Counter> _started, _handled, _received, _sent;
    private readonly MetricFamily<Histogram>? _handling;

    /// <summary>Registers the metrics; the histogram of durations only for <c>--metrics=extensive</c>.</summary>
    public GrpcMetrics(Metrics metrics, bool extensive)
    {
        ArgumentNullException.ThrowIfNull(metrics);
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
    }

    /// <summary>Unary calls by the client's version.</summary>
    public ClientVersions Unary { get; }

    /// <summary>Streams by the client's version.</summary>
    public ClientVersions Streams { get; }

    /// <summary>Makes the series of every method of <paramref name="service"/>, each code at 0.</summary>
    public void Add(Google.Protobuf.Reflection.ServiceDescriptor service)
    {
        ArgumentNullException.ThrowIfNull(service);
        foreach (var method in service.Methods)
        {
            string[] labels = [Type(method), service.FullName, method.Name];
            var path = $"/{service.FullName}/{method.Name}";
            var messages = MessageCounts.Of(path);
            _received.With(labels).From(() => messages.Received);
            _sent.With(labels).From(() => messages.Sent);
            var isUnary = !method.IsClientStreaming && !method.IsServerStreaming;
            _byPath[path] = new GrpcMethodMetrics(
                _started.With(labels),
                [.. Enum.GetValues<StatusCode>().Order().Select(code => _handled.With([.. labels, ErrorMap.GoCode(code)]))],
                _handling?.With(labels),
                isUnary ? Unary : Streams,
                isUnary);
        }
    }

    /// <summary>The metrics of the method at that path, <c>/package.Service/Method</c>; null if no descriptor was added for it.</summary>
    public GrpcMethodMetrics? Find(string path) => _byPath.GetValueOrDefault(path);

    private static string Type(MethodDescriptor method) => (method.IsClientStreaming, method.IsServerStreaming) switch
    {
        (false, false) => "unary",
        (false, true) => "server_stream",
        (true, false) => "client_stream",
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

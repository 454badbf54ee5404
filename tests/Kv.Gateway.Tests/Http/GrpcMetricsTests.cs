using Grpc.Core;
using Kv.Actors.Meters;
using Kv.Gateway.Http;
using Xunit;

namespace Kv.Gateway.Tests.Http;

public class GrpcMetricsTests
{
    private static readonly Google.Protobuf.Reflection.FileDescriptor _services =
        typeof(GrpcMetrics).Assembly.GetTypes()
            .Select(t => t.GetProperty("Descriptor", typeof(Google.Protobuf.Reflection.FileDescriptor))?.GetValue(null))
            .OfType<Google.Protobuf.Reflection.FileDescriptor>()
            .First(f => f.Services.Any(s => s.FullName == "etcdserverpb.KV"));

    [Fact]
    public void Every_method_starts_with_every_code_at_zero_and_counts_calls()
    {
        var registry = new MetricsRegistry();
        var metrics = new GrpcMetrics(new Metrics(registry), extensive: true, static () => _services.Services);
        Assert.Null(metrics.Find("/etcdserverpb.KV/Put"));
        var put = metrics.Find("/etcdserverpb.KV/Put", mapped: null)!;
        Assert.Same(put, metrics.Find("/etcdserverpb.KV/Put"));
        put.Handled(StatusCode.OK, put.Started());
        put.Handled(StatusCode.Cancelled, put.Started());
        put.Handled((StatusCode)99, put.Started());
        var lines = MetricsText.Write(registry).Split('\n');
        Assert.Contains("grpc_server_started_total{grpc_type=\"unary\",grpc_service=\"etcdserverpb.KV\",grpc_method=\"Put\"} 3", lines);
        Assert.Contains("grpc_server_handled_total{grpc_type=\"unary\",grpc_service=\"etcdserverpb.KV\",grpc_method=\"Put\",grpc_code=\"OK\"} 1", lines);
        Assert.Contains("grpc_server_handled_total{grpc_type=\"unary\",grpc_service=\"etcdserverpb.KV\",grpc_method=\"Put\",grpc_code=\"Canceled\"} 1", lines);
        Assert.Contains("grpc_server_handled_total{grpc_type=\"unary\",grpc_service=\"etcdserverpb.KV\",grpc_method=\"Put\",grpc_code=\"Unknown\"} 1", lines);
        Assert.Contains("grpc_server_handled_total{grpc_type=\"bidi_stream\",grpc_service=\"etcdserverpb.Watch\",grpc_method=\"Watch\",grpc_code=\"Unauthenticated\"} 0", lines);
        Assert.Contains("grpc_server_started_total{grpc_type=\"server_stream\",grpc_service=\"etcdserverpb.Maintenance\",grpc_method=\"Snapshot\"} 0", lines);
        Assert.Contains("grpc_server_handling_seconds_count{grpc_type=\"unary\",grpc_service=\"etcdserverpb.KV\",grpc_method=\"Put\"} 3", lines);
        Assert.Null(metrics.Find("/etcdserverpb.KV/Nothing", mapped: null));
    }

    [Fact]
    public void A_mapped_method_is_counted_without_asking_for_descriptors_and_the_page_shows_the_others_too()
    {
        var (registry, asked) = (new MetricsRegistry(), 0);
        var metrics = new GrpcMetrics(new Metrics(registry), extensive: false, () =>
        {
            asked++;
            return _services.Services;
        });
        var watch = new Method<string, string>(MethodType.DuplexStreaming, "etcdserverpb.Watch", "Watch", Marshallers.StringMarshaller, Marshallers.StringMarshaller);
        metrics.Find("/etcdserverpb.Watch/Watch", watch)!.Started();
        Assert.Equal(0, asked);
        var lines = MetricsText.Write(registry).Split('\n');
        Assert.Contains("grpc_server_started_total{grpc_type=\"bidi_stream\",grpc_service=\"etcdserverpb.Watch\",grpc_method=\"Watch\"} 1", lines);
        Assert.Contains("grpc_server_started_total{grpc_type=\"unary\",grpc_service=\"etcdserverpb.KV\",grpc_method=\"Put\"} 0", lines);
        Assert.Null(metrics.Find("/etcdserverpb.watch/Watch", watch));
        MetricsText.Write(registry);
        Assert.Equal(1, asked);
    }

    [Fact]
    public void Durations_are_kept_only_when_extensive()
    {
        var registry = new MetricsRegistry();
        var metrics = new GrpcMetrics(new Metrics(registry), extensive: false, static () => _services.Services);
        metrics.Find("/etcdserverpb.KV/Put", mapped: null)!.Started();
        Assert.DoesNotContain("grpc_server_handling_seconds", MetricsText.Write(registry), StringComparison.Ordinal);
    }
}

using System.Text;
using System.Text.Json;
using Kv.Actors.Meters;
using Kv.Actors.Node;
using Kv.Gateway.Config;

namespace Kv.Gateway.Http;

/// <summary>The HTTP side of the client port: health, version, metrics, variables, and Go's 404 for everything else.</summary>
public static class HttpEndpoints
{
    /// <summary>Maps every page. gRPC's own routes are not touched; a path that nothing else serves falls to the 404.</summary>
    /// <param name="routes">Where to map.</param>
    /// <param name="probe">The node.</param>
    /// <param name="metrics">Its meters.</param>
    /// <param name="log">For failed health checks.</param>
    /// <param name="fallback">Whether to answer unknown paths as well; off where another fallback does and calls <see cref="NotFound"/>.</param>
    public static void MapKvHttp(this IEndpointRouteBuilder routes, INodeProbe probe, Metrics metrics, ILogger log, bool fallback = true)
    {
        var health = new HealthEndpoints(probe, metrics, log);
        Map("/health", health.Health);
        Map("/livez/{check?}", health.Live);
        Map("/readyz/{check?}", health.Ready);
        Map("/version", context => Version(context, probe));
        Map("/metrics", context => MetricsPage(context, metrics));
        Map("/debug/vars", Variables);
        if (fallback)
        {
            routes.MapFallback("{**path}", NotFound);
        }

        void Map(string pattern, RequestDelegate handler) => routes.Map(pattern, Plain.WithCors(handler));
    }

    /// <summary>The pages of <c>--listen-metrics-urls</c>: metrics and health, and a 404 for everything else.</summary>
    public static RequestDelegate MetricsOnly(INodeProbe probe, Metrics metrics, ILogger log)
    {
        var health = new HealthEndpoints(probe, metrics, log);
        return context => context.Request.Path.Value switch
        {
            "/metrics" => MetricsPage(context, metrics),
            "/health" => health.Health(context),
            { } path when IsUnder(path, "/livez") => health.Live(context),
            { } path when IsUnder(path, "/readyz") => health.Ready(context),
            _ => Plain.NotFound(context),
        };

        static bool IsUnder(string path, string page) => path.StartsWith(page, StringComparison.Ordinal) && (path.Length == page.Length || path[page.Length] == '/');
    }

    /// <summary>Go's answer to a path that nobody serves.</summary>
    public static RequestDelegate NotFound { get; } = Plain.WithCors(Plain.NotFound);

    private static Task Version(HttpContext context, INodeProbe probe)
    {
        if (!Plain.IsGet(context, out var refusal))
        {
            return refusal;
        }

        var cluster = probe.ClusterVersion;
        return Plain.Write(
            context, 200, "application/json",
            $"{{\"etcdserver\":\"{Usage.EtcdVersion}\",\"etcdcluster\":\"{cluster ?? "not_decided"}\",\"storage\":\"{cluster ?? "unknown"}\"}}");
    }

    /// <summary>The page of Prometheus; any verb, as etcd.</summary>
    private static Task MetricsPage(HttpContext context, Metrics metrics) =>
        Plain.Write(context, 200, MetricsText.ContentType, MetricsText.Write(metrics.Registry));

    /// <summary>Go's expvar page, with what it has of this process: command line, memory, limit of files.</summary>
    private static async Task Variables(HttpContext context)
    {
        if (!Plain.IsGet(context, out var refusal))
        {
            await refusal;
            return;
        }

        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray("cmdline");
            foreach (var argument in Environment.GetCommandLineArgs())
            {
                json.WriteStringValue(argument);
            }

            json.WriteEndArray();
            var limit = MetricsProcess.FileLimit();
            if (double.IsFinite(limit))
            {
                json.WriteNumber("file_descriptor_limit", limit);
            }

            var memory = GC.GetGCMemoryInfo();
            json.WriteStartObject("memstats");
            json.WriteNumber("HeapAlloc", GC.GetTotalMemory(false));
            json.WriteNumber("HeapSys", memory.TotalCommittedBytes);
            json.WriteNumber("TotalAlloc", GC.GetTotalAllocatedBytes());
            json.WriteNumber("NumGC", GC.CollectionCount(0));
            json.WriteNumber("PauseTotalNs", (long)GC.GetTotalPauseDuration().TotalNanoseconds);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        await Plain.Write(context, 200, "application/json; charset=utf-8", Encoding.UTF8.GetString(buffer.ToArray()) + "\n");
    }
}

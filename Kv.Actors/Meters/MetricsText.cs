using System.Globalization;
using System.Text;

namespace Kv.Actors.Meters;

/// <summary>Writes metrics in Prometheus's text format, version 0.0.4. By hand: the package feed has no exporter.</summary>
/// <remarks><code>
/// # HELP etcd_server_has_leader Whether or not a leader exists. 1 is existence, 0 is not.
/// # TYPE etcd_server_has_leader gauge
/// etcd_server_has_leader 1
/// </code></remarks>
public static class MetricsText
{
    /// <summary>Content type of the page.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The whole page.</summary>
    public static string Write(MetricsRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        var page = new StringBuilder(64 * 1024);
        foreach (var family in registry.Families)
        {
            Write(page, family);
        }

        return page.ToString();
    }

    private static void Write(StringBuilder page, MetricFamily family)
    {
        var started = false;
        foreach (var (values, instrument) in family.Series())
        {
            if (!started)
            {
                page.Append("# HELP ").Append(family.Name).Append(' ').Append(Escape(family.Help, quotes: false)).Append('\n');
                page.Append("# TYPE ").Append(family.Name).Append(' ').Append(family.Kind switch
                {
                    MetricKind.Counter => "counter",
                    MetricKind.Gauge => "gauge",
                    _ => "histogram",
                }).Append('\n');
                started = true;
            }

            switch (instrument)
            {
                case Counter counter:
                    Line(page, family, "", values, null, counter.Value.ToString(CultureInfo.InvariantCulture));
                    break;
                case Gauge gauge:
                    Line(page, family, "", values, null, Number(gauge.Value));
                    break;
                case Histogram histogram:
                    Write(page, family, values, histogram);
                    break;
                default:
                    throw new InvalidOperationException($"{family.Name} holds a {instrument.GetType()}");
            }
        }
    }

    /// <summary>Buckets are cumulative on the page, so the count is the last of them: the page agrees with itself while others record.</summary>
    private static void Write(StringBuilder page, MetricFamily family, string[] values, Histogram histogram)
    {
        long count = 0;
        for (var i = 0; i < histogram.Bounds.Length; i++)
        {
            count += histogram.InBucket(i);
            Line(page, family, "_bucket", values, Number(histogram.Bounds[i]), count.ToString(CultureInfo.InvariantCulture));
        }

        count += histogram.InBucket(histogram.Bounds.Length);
        var total = count.ToString(CultureInfo.InvariantCulture);
        Line(page, family, "_bucket", values, "+Inf", total);
        Line(page, family, "_sum", values, null, Number(histogram.Sum));
        Line(page, family, "_count", values, null, total);
    }

    private static void Line(StringBuilder page, MetricFamily family, string suffix, string[] values, string? bound, string number)
    {
        page.Append(family.Name).Append(suffix);
        if (values.Length > 0 || bound is not null)
        {
            page.Append('{');
            for (var i = 0; i < values.Length; i++)
            {
                page.Append(i == 0 ? "" : ",").Append(family.Labels[i]).Append("=\"").Append(Escape(values[i], quotes: true)).Append('"');
            }

            if (bound is not null)
            {
                page.Append(values.Length == 0 ? "" : ",").Append("le=\"").Append(bound).Append('"');
            }

            page.Append('}');
        }

        page.Append(' ').Append(number).Append('\n');
    }

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : double.IsNaN(value) ? "NaN"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}

using System.Collections.Concurrent;

namespace Kv.Actors.Meters;

/// <summary>What Prometheus is told a metric is.</summary>
public enum MetricKind
{
    /// <summary>Only grows.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Counts by size.</summary>
    Histogram,
}

/// <summary>One metric: its series by label values. Created once, at start; callers on hot paths keep the series, not the labels.</summary>
public abstract class MetricFamily
{
    private protected MetricFamily(string name, string help, MetricKind kind, string[] labels) =>
        (Name, Help, Kind, Labels) = (name, help, kind, labels);

    /// <summary>As Prometheus knows it.</summary>
    public string Name { get; }

    /// <summary>One sentence: what is counted, in which unit.</summary>
    public string Help { get; }

    /// <summary>Its kind.</summary>
    public MetricKind Kind { get; }

    /// <summary>Names of its labels; may be empty.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Label values and instrument of each series, ordered by the values.</summary>
    internal abstract IEnumerable<(string[] Values, object Instrument)> Series();
}

/// <summary>A metric whose series are <typeparamref name="T"/>: <see cref="Counter"/>, <see cref="Gauge"/> or <see cref="Histogram"/>.</summary>
public sealed class MetricFamily<T> : MetricFamily
    where T : class
{
    private readonly ConcurrentDictionary<string, (string[] Values, T Instrument)> _series = new(StringComparer.Ordinal);
    private readonly Func<T> _create;

    internal MetricFamily(string name, string help, MetricKind kind, string[] labels, Func<T> create)
        : base(name, help, kind, labels) => _create = create;

    /// <summary>The series with these label values, in the order of <see cref="MetricFamily.Labels"/>; made at 0 if it is new.</summary>
    public T With(params string[] values)
    {
        if (values.Length != Labels.Count)
        {
            throw new ArgumentException($"{Name} has {Labels.Count} labels, {values.Length} values were given", nameof(values));
        }

        return _series.GetOrAdd(string.Join('\u0001', values), static (_, arg) => (arg.values, arg._create()), (values, _create)).Instrument;
    }

    internal override IEnumerable<(string[] Values, object Instrument)> Series() =>
        _series.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => (s.Value.Values, (object)s.Value.Instrument));
}

/// <summary>All metrics of one node. Several nodes in one process have one each.</summary>
public sealed class MetricsRegistry
{
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    /// <summary>All metrics by name.</summary>
    public IEnumerable<MetricFamily> Families
    {
        get
        {
            BeforePage?.Invoke();
            return _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal);
        }
    }

    /// <summary>Makes series that show 0 and that nobody misses before a page is read, so that a start need not wait for them. Called each time.</summary>
    public Action? BeforePage { get; set; }

    /// <summary>A counter without labels.</summary>
    public Counter Counter(string name, string help) => Counters(name, help).With();

    /// <summary>A counter with labels.</summary>
    public MetricFamily<Counter> Counters(string name, string help, params string[] labels) =>
        Add(new MetricFamily<Counter>(name, help, MetricKind.Counter, labels, static () => new Counter()));

    /// <summary>A gauge without labels.</summary>
    public Gauge Gauge(string name, string help) => Gauges(name, help).With();

    /// <summary>A gauge with labels.</summary>
    public MetricFamily<Gauge> Gauges(string name, string help, params string[] labels) =>
        Add(new MetricFamily<Gauge>(name, help, MetricKind.Gauge, labels, static () => new Gauge()));

    /// <summary>A number that only grows, but that someone else keeps: read when the page is written.</summary>
    public void CounterFrom(string name, string help, Func<double> source) =>
        Add(new MetricFamily<Gauge>(name, help, MetricKind.Counter, [], static () => new Gauge())).With().From(source);

    /// <summary>A gauge that someone else keeps: read when the page is written.</summary>
    public void GaugeFrom(string name, string help, Func<double> source) => Gauge(name, help).From(source);

    /// <summary>A histogram without labels; buckets at start × factor^i, <paramref name="count"/> of them.</summary>
    public Histogram Histogram(string name, string help, double start, double factor, int count) =>
        Histograms(name, help, start, factor, count).With();

    /// <summary>A histogram with labels.</summary>
    public MetricFamily<Histogram> Histograms(string name, string help, double start, double factor, int count, params string[] labels) =>
        Add(new MetricFamily<Histogram>(name, help, MetricKind.Histogram, labels, () => new Histogram(start, factor, count)));

    private MetricFamily<T> Add<T>(MetricFamily<T> family)
        where T : class =>
        _families.TryAdd(family.Name, family) ? family : throw new InvalidOperationException($"the metric {family.Name} exists already");
}

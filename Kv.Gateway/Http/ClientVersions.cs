using Kv.Actors.Meters;

namespace Kv.Gateway.Http;

/// <summary>Counts calls by what their client says its version is, in the header <c>client-api-version</c>.</summary>
/// <remarks>
/// The text is the client's, so the number of series has a bound: a version past it counts as unknown. A call costs one
/// comparison of two short strings, for clients of one version mostly come together. Thread-safe.
/// </remarks>
public sealed class ClientVersions
{
    /// <summary>The header.</summary>
    public const string Header = "client-api-version";

    /// <summary>Versions that get a series of their own.</summary>
    public const int MostSeries = 16;

    private const string Unknown = "unknown";
    private const int LongestVersion = 32;
    private readonly MetricFamily<Counter> _family;
    private readonly string _type;
    private readonly Lock _gate = new();
    private volatile Series[] _known;

    /// <summary>Counts in <paramref name="family"/>, under <paramref name="type"/>: <c>unary</c> or <c>stream</c>.</summary>
    public ClientVersions(MetricFamily<Counter> family, string type)
    {
        ArgumentNullException.ThrowIfNull(family);
        (_family, _type) = (family, type);
        _known = [Make(Unknown)];
    }

    /// <summary>Counts a call.</summary>
    /// <param name="version">The header's value; null or empty where there is none.</param>
    public void Count(string? version) => Find(string.IsNullOrEmpty(version) ? Unknown : version).Count.Add();

    private Series Find(string version)
    {
        foreach (var series in _known)
        {
            if (series.Version == version)
            {
                return series;
            }
        }
        return Learn(version);
    }

    private Series Learn(string version)
    {
        lock (_gate)
        {
            var known = _known;
            if (known.FirstOrDefault(series => series.Version == version) is { } raced)
            {
                return raced;
            }
            if (known.Length > MostSeries || version.Length > LongestVersion)
            {
                return known.Single(static series => series.Version == Unknown);
            }
            var made = Make(version);
            _known = [made, .. known];
            return made;
        }
    }

    private Series Make(string version) => new(version, _family.With(_type, version));

    private sealed record Series(string Version, Counter Count);
}

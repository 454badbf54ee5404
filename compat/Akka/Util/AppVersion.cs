using System.Globalization;
using System.Reflection;

namespace Akka.Util;

/// <summary>A version such as <c>1.2.3</c>, <c>1.2-RC1</c> or <c>1.2.3+10-ab12</c>: up to three numbers, then commits since, then a rest.</summary>
public class AppVersion : IComparable<AppVersion>, IEquatable<AppVersion>
{
    private const string OfAssembly = "assembly-version";

    /// <summary>Below all.</summary>
    public static readonly AppVersion Zero = new("0.0.0");

    private readonly Lazy<Parts> _parts;

    private AppVersion(string version)
    {
        Version = version;
        _parts = new Lazy<Parts>(() => Parts.Read(version));
    }

    /// <summary>As it was given.</summary>
    public string Version { get; }

    /// <summary>Reads a version; <c>assembly-version</c> is that of the program.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is empty or has more than three numbers.</exception>
    public static AppVersion Create(string version)
    {
        if (version.Equals(OfAssembly, StringComparison.OrdinalIgnoreCase))
        {
            var v = (Assembly.GetEntryAssembly() ?? Assembly.GetExecutingAssembly()).GetName().Version;
            version = string.Create(CultureInfo.InvariantCulture, $"{v.Major}.{v.Minor}.{v.Build}");
        }

        var made = new AppVersion(version);
        _ = made._parts.Value;
        return made;
    }

    /// <inheritdoc/>
    public int CompareTo(AppVersion other) =>
        string.Equals(Version, other.Version, StringComparison.Ordinal) ? 0 : _parts.Value.CompareTo(other._parts.Value);

    /// <inheritdoc/>
    public bool Equals(AppVersion other) => other is not null && string.Equals(Version, other.Version, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is AppVersion other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Version.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Version;

    /// <summary>Whether both are the same text.</summary>
    public static bool operator ==(AppVersion first, AppVersion second) => Equals(first, second);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(AppVersion first, AppVersion second) => !Equals(first, second);

    private sealed record Parts(int Major, int Minor, int Patch, int Commits, string Rest) : IComparable<Parts>
    {
        internal static Parts Read(string version)
        {
            var segments = version.Split('.');
            if (version.Length == 0) throw new ArgumentOutOfRangeException(nameof(version), "Empty version not supported.");
            if (segments.Length > 3) throw new ArgumentOutOfRangeException(nameof(version), $"Only 3 digits separated with '.' are supported. [{version}]");
            if (segments.Length == 1)
                return int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var only) ? new Parts(only, 0, 0, 0, "") : new Parts(0, 0, 0, 0, version);

            var last = segments[^1];
            var cut = last.AsSpan().IndexOfAny('-', '+');
            var number = Number(cut < 0 ? last : last[..cut]);
            var (commits, rest) = cut < 0 ? (0, "") : Commit(last[(cut + 1)..]);
            return segments.Length == 2
                ? new Parts(Number(segments[0]), number, 0, commits, rest)
                : new Parts(Number(segments[0]), Number(segments[1]), number, commits, rest);
        }

        private static int Number(string digits) => digits.Length == 0 ? 0 : int.Parse(digits, CultureInfo.InvariantCulture);

        // "10-ab12" is ten commits after the tag; anything else is a name such as SNAPSHOT.
        private static (int, string) Commit(string rest)
        {
            var dash = rest.IndexOf('-', StringComparison.Ordinal);
            return dash > 0 && int.TryParse(rest.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var commits)
                ? (commits, rest[(dash + 1)..])
                : (0, rest);
        }

        public int CompareTo(Parts other)
        {
            var numbers = (Major, Minor, Patch, Commits).CompareTo((other.Major, other.Minor, other.Patch, other.Commits));
            if (numbers != 0) return numbers;
            if (Rest.Length == 0 || other.Rest.Length == 0) return other.Rest.Length.CompareTo(Rest.Length);   // a release is above its candidates
            return string.CompareOrdinal(Rest, other.Rest);
        }
    }
}

using System.Globalization;
using Kv.Persistence.Io;

namespace Kv.Persistence.Wal;

/// <summary>Names and order of the files of a log, and whose directory it is.</summary>
/// <remarks><code>
///  0000000000000001.kvwal         segment 1
///  0000000000000003.kvwal.spare   filled with zeros and synced, waiting to become segment 3
///  0000000000000003.kvwal.tmp     being filled; worthless after a restart
///  lock                           locked as long as the log is open
/// </code></remarks>
public static class WalDirectory
{
    /// <summary>Name of the lock file.</summary>
    public const string LockName = "lock";

    private const string Segment = ".kvwal", Spare = ".kvwal.spare", Temporary = ".kvwal.tmp";

    /// <summary>Path of a segment.</summary>
    public static string SegmentPath(string directory, long sequence) => Named(directory, sequence, Segment);

    /// <summary>Path of a prepared segment.</summary>
    public static string SparePath(string directory, long sequence) => Named(directory, sequence, Spare);

    /// <summary>Path of a segment being prepared.</summary>
    public static string TemporaryPath(string directory, long sequence) => Named(directory, sequence, Temporary);

    /// <summary>Sequences of the segments, ascending, without a gap.</summary>
    /// <exception cref="ForeignDirectoryException">The directory holds etcd's log.</exception>
    /// <exception cref="DamagedFileException">A segment in the middle is missing.</exception>
    public static IReadOnlyList<long> Segments(IDisk disk, string directory)
    {
        var found = new List<long>();
        foreach (var name in disk.List(directory))
        {
            if (name.EndsWith(".wal", StringComparison.Ordinal))
                throw new ForeignDirectoryException(directory, $"it holds etcd's log ({name})");
            if (TryParse(name, Segment, out var sequence)) found.Add(sequence);
        }

        found.Sort();
        for (var i = 1; i < found.Count; i++)
        {
            if (found[i] != found[i - 1] + 1)
                throw new DamagedFileException(SegmentPath(directory, found[i - 1] + 1), 0, "the file is missing, though later ones are there");
        }

        return found;
    }

    /// <summary>Removes what an interrupted preparation left, and spares for other sequences than <paramref name="next"/>.</summary>
    public static void RemoveLeftovers(IDisk disk, string directory, long next)
    {
        var removed = false;
        foreach (var name in disk.List(directory))
        {
            var worthless = TryParse(name, Temporary, out _) || (TryParse(name, Spare, out var sequence) && sequence != next);
            if (!worthless) continue;
            disk.Delete($"{directory}/{name}");
            removed = true;
        }

        if (removed) disk.SyncDirectory(directory);
    }

    /// <summary>A spare is made only once the segment before it is durable: one further ahead means that segments have gone.</summary>
    /// <exception cref="DamagedFileException">Names the segment that is missing.</exception>
    public static void RefuseLostSegments(IDisk disk, string directory, long last)
    {
        foreach (var name in disk.List(directory))
        {
            if (!TryParse(name, Spare, out var sequence) || sequence <= last + 1) continue;
            throw new DamagedFileException(SegmentPath(directory, last + 1), 0, $"the file is missing, though {name} was prepared to follow segment {sequence - 1}");
        }
    }

    private static string Named(string directory, long sequence, string suffix) =>
        string.Create(CultureInfo.InvariantCulture, $"{directory}/{sequence:x16}{suffix}");

    private static bool TryParse(string name, string suffix, out long sequence)
    {
        sequence = 0;
        return name.Length == 16 + suffix.Length
            && name.EndsWith(suffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sequence)
            && sequence > 0;
    }
}

using System.Text;

namespace Kv.Persistence.Io;

/// <summary>A node's data directory: whose it is, of which format, and that nobody else has it.</summary>
/// <remarks><code>
///  member/kvactors-format   "kvactors-data 1\n": written last when the directory is made
///  member/lock              locked while the node runs
///  member/wal/              the log, unless it has a directory of its own
///  member/snap/             checkpoints
/// </code>
/// etcd's own directory has the same shape without the first file; it has <c>member/snap/db</c> and <c>member/wal/*.wal</c>. Once
/// such a directory was taken over (<see cref="Claim"/>), etcd's files stay where they are, as they are, with <c>.etcd-taken-over</c>
/// behind their names.
/// </remarks>
public sealed class DataDirectory : IDisposable
{
    /// <summary>Format this program writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>What stands behind the names of etcd's files in a directory that was taken over.</summary>
    public const string AsideSuffix = ".etcd-taken-over";

    private const string Magic = "kvactors-data ";
    private readonly IDisposable _lock;

    private DataDirectory(string path, string walPath, IDisposable held, bool isNew)
    {
        Root = path;
        WalPath = walPath;
        SnapPath = $"{path}/member/snap";
        IsNew = isNew;
        _lock = held;
    }

    /// <summary>The directory.</summary>
    public string Root { get; }

    /// <summary>Where the log is.</summary>
    public string WalPath { get; }

    /// <summary>Where the checkpoints are.</summary>
    public string SnapPath { get; }

    /// <summary>True if it was made just now.</summary>
    public bool IsNew { get; }

    /// <summary>Makes or opens a data directory and locks it.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The directory.</param>
    /// <param name="walPath">A directory for the log elsewhere; null for <c>member/wal</c>.</param>
    /// <exception cref="DiskLockedException">Another process has it.</exception>
    /// <exception cref="ForeignDirectoryException">It is etcd's, or of another format.</exception>
    public static DataDirectory Open(IDisk disk, string path, string? walPath = null)
    {
        ArgumentNullException.ThrowIfNull(disk);
        path = path.Length > 1 ? path.TrimEnd('/') : path;
        var member = $"{path}/member";
        var wal = walPath ?? $"{member}/wal";
        var format = $"{member}/kvactors-format";
        RefuseForeign(disk, path, wal, format);
        disk.CreateDirectory(member);
        var held = disk.Lock($"{member}/lock");
        try
        {
            var isNew = !disk.FileExists(format);
            disk.CreateDirectory(wal);
            disk.CreateDirectory($"{member}/snap");
            if (isNew) WriteFormat(disk, member, format);
            else
            {
                disk.SyncDirectory(member);            // the run that wrote it may have ended because this failed
                SetEtcdAside(disk, path, wal);
            }

            return new DataDirectory(path, wal, held, isNew);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Whether etcd made the directory and nobody has taken it over yet.</summary>
    public static bool IsEtcds(IDisk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return !disk.FileExists($"{path}/member/kvactors-format") && disk.FileExists($"{path}/member/snap/db");
    }

    /// <summary>Makes a directory of etcd's this service's: from here on it is opened as such, and etcd's files are set aside.</summary>
    /// <remarks>Call it once all that the service needs of them is durable beside them. A crash before it leaves etcd's directory.</remarks>
    public static void Claim(IDisk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        WriteFormat(disk, $"{path}/member", $"{path}/member/kvactors-format");
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _lock.Dispose();

    private static void RefuseForeign(IDisk disk, string path, string wal, string format)
    {
        if (disk.FileExists(format))
        {
            using var file = disk.Open(format, DiskOpen.Read);
            var bytes = new byte[256];
            var text = Encoding.ASCII.GetString(bytes, 0, file.Read(bytes, 0)).Trim();
            if (text == $"{Magic}{CurrentFormat}") return;
            throw new ForeignDirectoryException(
                path,
                text.StartsWith(Magic, StringComparison.Ordinal)
                    ? $"its format is {text[Magic.Length..]}, this program reads {CurrentFormat}"
                    : $"{format} does not name a format");
        }

        if (disk.FileExists($"{path}/member/snap/db"))
            throw new ForeignDirectoryException(path, "etcd made it (it has member/snap/db)");
        if (!disk.DirectoryExists(wal)) return;
        foreach (var name in disk.List(wal))
        {
            if (name.EndsWith(".wal", StringComparison.Ordinal)) throw new ForeignDirectoryException(path, $"etcd made it ({wal} holds {name})");
            if (name.EndsWith(".kvwal", StringComparison.Ordinal)) throw new ForeignDirectoryException(path, $"{wal} holds a log, but {format} is missing");
        }
    }

    /// <summary>Gets what etcd left out of the way. Does what is left to do: a crash in the middle is made up for at the next start.</summary>
    private static void SetEtcdAside(IDisk disk, string path, string wal)
    {
        SetAside(disk, $"{path}/member/snap", static name =>
            name == "db" || name.EndsWith(".snap", StringComparison.Ordinal) || name.EndsWith(".snap.db", StringComparison.Ordinal));
        SetAside(disk, wal, static name => Etcd.EtcdWal.IsSegment(name) || name is "0.tmp" or "1.tmp");
    }

    private static void SetAside(IDisk disk, string directory, Func<string, bool> isEtcds)
    {
        var names = disk.List(directory).Where(isEtcds).ToList();
        if (names.Count == 0) return;
        foreach (var name in names) disk.Rename($"{directory}/{name}", $"{directory}/{name}{AsideSuffix}");
        disk.SyncDirectory(directory);
    }

    private static void WriteFormat(IDisk disk, string member, string format)
    {
        var temporary = format + ".tmp";
        if (disk.FileExists(temporary)) disk.Delete(temporary);
        using (var file = disk.Open(temporary, DiskOpen.Create))
        {
            file.Write(Encoding.ASCII.GetBytes($"{Magic}{CurrentFormat}\n"), 0);
            file.Sync();
        }

        disk.Rename(temporary, format);
        disk.SyncDirectory(member);
    }
}

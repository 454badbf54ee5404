namespace Kv.Persistence.Io;

/// <summary>How a file is opened. Nothing here truncates or replaces an existing file.</summary>
public enum DiskOpen
{
    /// <summary>The file exists and is only read.</summary>
    Read,

    /// <summary>The file exists and is read and written.</summary>
    Write,

    /// <summary>The file must not exist; it is made empty, readable by its owner alone (0600).</summary>
    Create,
}

/// <summary>Room on the file system that holds a path, in bytes.</summary>
/// <param name="TotalBytes">Size of the file system.</param>
/// <param name="FreeBytes">What this user may still write.</param>
public readonly record struct DiskSpace(long TotalBytes, long FreeBytes);

/// <summary>The few file operations the log and the checkpoints are built from; tests put <c>SimDisk</c> in its place.</summary>
/// <remarks>
/// Paths are the caller's, joined with '/'. Failures are <see cref="IOException"/>s; a full disk is a
/// <see cref="DiskFullException"/>. Nothing is retried inside: after a failed write or sync the caller must not go on with
/// that file, for the kernel may have dropped the data and marked the pages clean.
/// </remarks>
public interface IDisk
{
    /// <summary>True if <paramref name="path"/> is an existing directory.</summary>
    bool DirectoryExists(string path);

    /// <summary>True if <paramref name="path"/> is an existing file.</summary>
    bool FileExists(string path);

    /// <summary>Makes a directory and its missing parents, mode 0700, each entry synced in its parent. No error if it is there.</summary>
    void CreateDirectory(string path);

    /// <summary>Names (not paths) of the files and directories in <paramref name="directory"/>, in ordinal order.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>Opens a file. The caller disposes it. A created file is not durable before <see cref="SyncDirectory"/>.</summary>
    IDiskFile Open(string path, DiskOpen mode);

    /// <summary>Renames within one file system, replacing the target at once. Durable after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file. Durable after <see cref="SyncDirectory"/>. A file that is not there is an error.</summary>
    void Delete(string path);

    /// <summary>Makes the entries of a directory (created, renamed, removed files) durable.</summary>
    void SyncDirectory(string directory);

    /// <summary>Takes the exclusive lock that <paramref name="path"/> stands for, creating the file if need be.</summary>
    /// <returns>Releases the lock when disposed; the operating system does so when the process ends.</returns>
    /// <exception cref="DiskLockedException">Another process, or another holder in this one, has it.</exception>
    IDisposable Lock(string path);

    /// <summary>Room left on the file system that holds <paramref name="path"/>.</summary>
    DiskSpace Space(string path);
}

/// <summary>An open file with positioned reads and writes; it has no cursor. Not for use from two threads at once.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>The path it was opened by; for messages.</summary>
    string Path { get; }

    /// <summary>Current length in bytes.</summary>
    long Length { get; }

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/>.</summary>
    /// <returns>Bytes read; fewer than asked for only at the end of the file.</returns>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all of <paramref name="data"/> at <paramref name="offset"/>, extending the file if needed. Not durable before <see cref="Sync"/>.</summary>
    void Write(ReadOnlySpan<byte> data, long offset);

    /// <summary>Makes everything written to this file so far durable, with its length (fdatasync).</summary>
    void Sync();

    /// <summary>Reserves blocks for the first <paramref name="bytes"/> of the file, so that later writes there cannot run out of space.</summary>
    void Allocate(long bytes);

    /// <summary>Lets go of what memory the system keeps of the file's synced content; a hint, which changes no content.</summary>
    void DropCache();

    /// <summary>Cuts the file off, or extends it with zeros.</summary>
    void SetLength(long bytes);
}

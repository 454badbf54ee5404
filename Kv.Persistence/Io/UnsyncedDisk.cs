namespace Kv.Persistence.Io;

/// <summary>A disk that never waits: every sync is left out, everything else is passed on. For <c>unsafe-no-fsync</c> only.</summary>
/// <remarks>
/// A crash of the process loses nothing, as the system has the bytes; a crash of the machine loses what the system had not
/// written by itself, and may leave a log or a checkpoint that its checksums refuse.
/// </remarks>
/// <param name="disk">The disk below.</param>
public sealed class UnsyncedDisk(IDisk disk) : IDisk
{
    /// <inheritdoc/>
    public bool DirectoryExists(string path) => disk.DirectoryExists(path);

    /// <inheritdoc/>
    public bool FileExists(string path) => disk.FileExists(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path) => disk.CreateDirectory(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string directory) => disk.List(directory);

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskOpen mode) => new UnsyncedFile(disk.Open(path, mode));

    /// <inheritdoc/>
    public void Rename(string from, string to) => disk.Rename(from, to);

    /// <inheritdoc/>
    public void Delete(string path) => disk.Delete(path);

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        // Left out: that is what this disk is for.
    }

    /// <inheritdoc/>
    public IDisposable Lock(string path) => disk.Lock(path);

    /// <inheritdoc/>
    public DiskSpace Space(string path) => disk.Space(path);

    private sealed class UnsyncedFile(IDiskFile file) : IDiskFile
    {
        public string Path => file.Path;

        public long Length => file.Length;

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> data, long offset) => file.Write(data, offset);

        public void Sync()
        {
            // Left out: that is what this disk is for.
        }

        public void Allocate(long bytes) => file.Allocate(bytes);

        public void SetLength(long bytes) => file.SetLength(bytes);

        public void DropCache() => file.DropCache();

        public void Dispose() => file.Dispose();
    }
}

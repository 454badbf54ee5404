namespace Kv.Persistence.Io;

/// <summary>What storage can do to us, as exceptions for the edge: supervision turns each into the end of the node.</summary>
public abstract class StorageException : IOException
{
    private protected StorageException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>No space left on the device (or the quota is used up).</summary>
public sealed class DiskFullException(string path, Exception? inner = null)
    : StorageException($"no space left on the device that holds {path}: free some space, then start again", inner)
{
    /// <summary>The file that could not be written.</summary>
    public string Path { get; } = path;
}

/// <summary>The directory is in use by another process.</summary>
public sealed class DiskLockedException(string path, Exception? inner = null)
    : StorageException($"{path} is locked: another process is using this directory", inner)
{
    /// <summary>The lock file.</summary>
    public string Path { get; } = path;
}

/// <summary>The directory belongs to something else: etcd's own files, another format, another version.</summary>
public sealed class ForeignDirectoryException(string path, string reason)
    : StorageException($"{path} is not a data directory of this version: {reason}")
{
    /// <summary>The directory or file that gave it away.</summary>
    public string Path { get; } = path;
}

/// <summary>Bytes that are not what was written: a bad checksum, a missing or shortened file.</summary>
public sealed class DamagedFileException(string file, long offset, string reason, Exception? inner = null)
    : StorageException($"{file} is damaged at offset {offset}: {reason}", inner)
{
    /// <summary>The damaged file.</summary>
    public string File { get; } = file;

    /// <summary>Offset in bytes of the first record or page that cannot be trusted.</summary>
    public long Offset { get; } = offset;
}

/// <summary>An earlier write or sync failed, so the log takes nothing more. <see cref="Exception.InnerException"/> is that failure.</summary>
public sealed class LogFailedException(string directory, Exception cause)
    : StorageException($"the log in {directory} has failed and takes no more records: {cause?.Message}", cause)
{
}

using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kv.Persistence.Io;

/// <summary>The real disk: the only code here that opens a file.</summary>
/// <remarks>
/// On Linux the durable operations are the system calls themselves (<c>fdatasync</c>, <c>fsync</c> of a directory,
/// <c>posix_fallocate</c>, <c>flock</c>); elsewhere .NET's nearest equivalent is used.
/// </remarks>
public sealed partial class PhysicalDisk : IDisk
{
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int NoSpace = 28;          // ENOSPC
    private const int QuotaExceeded = 122;   // EDQUOT
    private const int NotSupported = 95;     // EOPNOTSUPP
    private const int InvalidArgument = 22;  // EINVAL, what a file system without fsync of directories answers
    private const int WouldBlock = 11;       // EWOULDBLOCK
    private const int WouldBlockElsewhere = 35;   // the same on BSD and macOS
    private const int Interrupted = 4;       // EINTR

    /// <summary>The one instance; it has no state.</summary>
    public static PhysicalDisk Instance { get; } = new();

    private PhysicalDisk()
    {
    }

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public bool FileExists(string path) => System.IO.File.Exists(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full)) return;
        var parent = Path.GetDirectoryName(full);
        if (!string.IsNullOrEmpty(parent)) CreateDirectory(parent);
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(full);
            else Directory.CreateDirectory(full, DirectoryMode);
        }
        catch (IOException e) when (IsFull(e))
        {
            throw new DiskFullException(full, e);
        }

        if (!string.IsNullOrEmpty(parent)) SyncDirectory(parent);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string directory)
    {
        var names = new List<string>();
        foreach (var entry in Directory.EnumerateFileSystemEntries(directory)) names.Add(Path.GetFileName(entry));
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskOpen mode)
    {
        try
        {
            var handle = System.IO.File.OpenHandle(
                path,
                mode == DiskOpen.Create ? FileMode.CreateNew : FileMode.Open,
                mode == DiskOpen.Read ? FileAccess.Read : FileAccess.ReadWrite,
                FileShare.ReadWrite | FileShare.Delete);
            if (mode == DiskOpen.Create && !OperatingSystem.IsWindows()) System.IO.File.SetUnixFileMode(handle, FileMode600);
            return new PhysicalFile(path, handle);
        }
        catch (IOException e) when (IsFull(e))
        {
            throw new DiskFullException(path, e);
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        try
        {
            System.IO.File.Move(from, to, overwrite: true);
        }
        catch (IOException e) when (IsFull(e))
        {
            throw new DiskFullException(to, e);
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        if (!System.IO.File.Exists(path)) throw new FileNotFoundException($"{path} is not there to be removed", path);
        System.IO.File.Delete(path);
    }

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        if (OperatingSystem.IsWindows()) return;   // directory entries are journaled there and cannot be synced by handle
        var descriptor = OpenDirectory(directory, 0);
        if (descriptor < 0) throw Failure("open", directory, Marshal.GetLastPInvokeError());
        try
        {
            if (SyncDescriptor(descriptor) == 0) return;
            var error = Marshal.GetLastPInvokeError();
            if (error != InvalidArgument) throw Failure("fsync", directory, error);
        }
        finally
        {
            // Nothing is lost if this fails: the descriptor was only read from.
            _ = CloseDescriptor(descriptor);
        }
    }

    /// <inheritdoc/>
    public IDisposable Lock(string path)
    {
        SafeFileHandle handle;
        try
        {
            var windows = OperatingSystem.IsWindows();
            handle = System.IO.File.OpenHandle(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, windows ? FileShare.None : FileShare.ReadWrite | FileShare.Delete);
            if (windows) return handle;
            System.IO.File.SetUnixFileMode(handle, FileMode600);
        }
        catch (IOException e) when (IsFull(e))
        {
            throw new DiskFullException(path, e);
        }
        catch (IOException e) when (OperatingSystem.IsWindows() || e.HResult is WouldBlock or WouldBlockElsewhere)   // .NET tries a shared lock on opening
        {
            throw new DiskLockedException(path, e);
        }

        const int exclusive = 2, nonBlocking = 4;
        if (FileLock(handle, exclusive | nonBlocking) == 0) return handle;
        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw error is WouldBlock or WouldBlockElsewhere ? new DiskLockedException(path) : Failure("flock", path, error);
    }

    /// <inheritdoc/>
    public DiskSpace Space(string path)
    {
        var drive = new DriveInfo(Path.GetFullPath(path));   // statvfs underneath
        return new DiskSpace(drive.TotalSize, drive.AvailableFreeSpace);
    }

    private static bool IsFull(IOException e) =>
        e is not StorageException && ((e.HResult & 0xFFFF) is NoSpace or QuotaExceeded or 112 || e.HResult is NoSpace or QuotaExceeded);

    private static IOException Failure(string call, string path, int error) => error is NoSpace or QuotaExceeded
        ? new DiskFullException(path, new Win32Exception(error))
        : new IOException($"{call} of {path} failed: {new Win32Exception(error).Message} (errno {error})", error);

    private sealed class PhysicalFile(string path, SafeFileHandle handle) : IDiskFile
    {
        public string Path { get; } = path;

        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> buffer, long offset)
        {
            var done = 0;
            while (done < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[done..], offset + done);
                if (read == 0) break;
                done += read;
            }

            return done;
        }

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
            try
            {
                RandomAccess.Write(handle, data, offset);
            }
            catch (IOException e) when (IsFull(e))
            {
                throw new DiskFullException(Path, e);
            }
        }

        public void Sync()
        {
            if (!OperatingSystem.IsLinux())
            {
                RandomAccess.FlushToDisk(handle);
                return;
            }

            if (SyncData(handle) != 0) throw Failure("fdatasync", Path, Marshal.GetLastPInvokeError());
        }

        public void DropCache()
        {
            const int DontNeed = 4;
            if (!OperatingSystem.IsLinux()) return;
            int error;
            do error = Advise(handle, 0, 0, DontNeed);
            while (error == Interrupted);
            if (error is not (0 or NotSupported or InvalidArgument)) throw Failure("posix_fadvise", Path, error);
        }

        public void Allocate(long bytes)
        {
            if (OperatingSystem.IsLinux())
            {
                int error;
                do error = Preallocate(handle, 0, bytes);   // returns the error instead of setting errno
                while (error == Interrupted);
                if (error == 0) return;
                if (error is not (NotSupported or InvalidArgument)) throw Failure("posix_fallocate", Path, error);
            }

            if (Length < bytes) SetLength(bytes);
        }

        public void SetLength(long bytes)
        {
            try
            {
                RandomAccess.SetLength(handle, bytes);
            }
            catch (IOException e) when (IsFull(e))
            {
                throw new DiskFullException(Path, e);
            }
        }

        public void Dispose() => handle.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Preallocate(SafeFileHandle file, long offset, long length);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FileLock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDirectory(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);
}

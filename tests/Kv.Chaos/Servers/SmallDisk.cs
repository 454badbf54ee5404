using Kv.Testing.Processes;

namespace Kv.Chaos.Servers;

/// <summary>A file system in memory, small enough to be filled. Needs root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const int MiB = 1024 * 1024;
    private const int SizeMiB = 512;               // logs are laid out ahead in files of 64 MiB

    private SmallDisk(string folder) => Folder = folder;

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    private string Filler => Path.Combine(Folder, "filler");

    /// <summary>Mounts one; null where that is not allowed.</summary>
    public static async Task<SmallDisk?> MountAsync(string folder)
    {
        if (!Command.Exists("mount"))
        {
            return null;
        }
        Directory.CreateDirectory(folder);
        var mounted = await Command.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={SizeMiB}m", "tmpfs", folder]);
        return mounted.ExitCode == 0 ? new SmallDisk(folder) : null;
    }

    /// <summary>Leaves no byte free.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Seek(0, SeekOrigin.End);
        for (var piece = new byte[MiB]; piece.Length > 0;)
        {
            try
            {
                file.Write(piece);
            }
            catch (IOException)
            {
                piece = piece[..(piece.Length / 16)];           // full for this size: the rest in smaller pieces
            }
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(Filler);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => (await Command.RunAsync("umount", [Folder])).Succeeded();
}

using Kv.Actors.Apply;
using Kv.Persistence.Bolt;

namespace Kv.Actors.Node;

/// <summary>A state as a file for a client: the same bbolt file that a checkpoint is, without what is ours alone.</summary>
internal static class SnapshotImage
{
    /// <summary>Writes the file beside the data, so that it needs no other disk, and opens it; it is gone once closed.</summary>
    /// <exception cref="IOException">The disk is full or failing.</exception>
    public static Stream Write(StoreRoot root, string dataDir)
    {
        var path = Path.Combine(dataDir, "member", "snap", $"{Guid.NewGuid():n}.tmp");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        var stream = new FileStream(path, options);
        try
        {
            var writer = new BoltWriter(stream);
            EtcdSchema.Write(root.Kv, RootImage.Of(root), new BoltBucketSink(writer));
            writer.Finish();
            stream.Position = 0;
            return stream;
        }
        catch (IOException)
        {
            stream.Dispose();
            throw;
        }
    }
}

using System.Globalization;
using Kv.Actors.Apply;
using Kv.Persistence.Bolt;
using Kv.Persistence.Io;

namespace Kv.Actors.Node;

/// <summary>States as files for clients: the same bbolt file that a checkpoint is, without what is ours alone.</summary>
/// <remarks>
/// Written beside the checkpoints, so that no other disk is needed, under names that count on. A file goes when its stream is
/// closed; one that a crash left has the ending of an interrupted checkpoint and goes with those at the next start.
/// </remarks>
internal sealed class SnapshotImages(IDisk disk, string directory)
{
    private long _written;

    /// <summary>Writes the file and opens it; it is gone once closed.</summary>
    /// <exception cref="IOException">The disk is full or failing.</exception>
    public Stream Write(StoreRoot root)
    {
        var number = Interlocked.Increment(ref _written);
        var file = disk.Open(string.Create(CultureInfo.InvariantCulture, $"{directory}/stream-{number:x16}.db.tmp"), DiskOpen.Create);
        var image = new Image(disk, file);
        try
        {
            var writer = new BoltWriter(image);
            EtcdSchema.Write(root.Kv, RootImage.Of(root), new BoltBucketSink(writer));
            writer.Finish();
            image.Position = 0;
            return image;
        }
        catch (IOException)
        {
            image.Dispose();
            throw;
        }
    }

    private sealed class Image(IDisk disk, IDiskFile file) : DiskStream(file)
    {
        private readonly IDiskFile _opened = file;
        private bool _closed;

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing && !_closed)
            {
                _closed = true;
                _opened.Dispose();
                disk.Delete(_opened.Path);
            }
        }
    }
}

using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Persistence.Io;
using Xunit;
using static Kv.Actors.Tests.Apply.Requests;

namespace Kv.Actors.Tests.Node;

/// <summary>A disk that is full from one moment on: the node ends rather than go on without its log, and loses nothing it acknowledged.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string _dir = Directory.CreateTempSubdirectory("kv-full-").FullName;

    public void Dispose() => Directory.Delete(_dir, recursive: true);

    [Fact]
    public async Task A_full_disk_ends_the_node_and_what_was_acknowledged_is_there_after_it()
    {
        var disk = new FullDisk();
        var acknowledged = 0;
        await using (var node = await KvNodeTests.StartAsync(_dir, disk: disk))
        {
            for (; acknowledged < 20; acknowledged++)
            {
                await KvNodeTests.PutAsync(node, $"k{acknowledged}", "v");
            }
            disk.IsFull = true;
            var puts = Enumerable.Range(0, 50).Select(i => node.ProposeAsync<PutResponse>(Put($"late{i}", "v"))).ToArray();
            Assert.All(await Task.WhenAll(puts).WaitAsync(TimeSpan.FromSeconds(20)), static put => Assert.Equal(KvError.Stopped, put.Error));
            Assert.Contains("raft", (await node.Ended.WaitAsync(TimeSpan.FromSeconds(20))).Reason, StringComparison.Ordinal);
        }
        disk.IsFull = false;
        await using (var node = await KvNodeTests.StartAsync(_dir, disk: disk))
        {
            for (var i = 0; i < acknowledged; i++)
            {
                Assert.Equal("v", Value(node.Roots.Current, $"k{i}"));
            }
            await KvNodeTests.PutAsync(node, "after", "v");
        }
    }

    [Fact]
    public async Task A_snapshot_or_a_checkpoint_that_finds_no_room_fails_alone()
    {
        var disk = new FullDisk();
        await using var node = await KvNodeTests.StartAsync(_dir, disk: disk);
        await KvNodeTests.PutAsync(node, "a", "1");
        disk.IsFullFor = static path => path.EndsWith(".db.tmp", StringComparison.Ordinal);
        disk.IsFull = true;
        await Assert.ThrowsAsync<DiskFullException>(() => node.OpenSnapshotAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Empty(Directory.GetFiles(Path.Combine(_dir, "member", "snap"), "stream-*"));
        await Assert.ThrowsAsync<IOException>(() => node.CheckpointAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20)));
        await KvNodeTests.PutAsync(node, "b", "2");
        disk.IsFull = false;
        await node.CheckpointAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>The real disk, until it is full.</summary>
    private sealed class FullDisk : IDisk
    {
        private readonly PhysicalDisk _disk = PhysicalDisk.Instance;
        private volatile bool _isFull;

        public bool IsFull
        {
            get => _isFull;
            set => _isFull = value;
        }

        public Func<string, bool> IsFullFor { get; set; } = static _ => true;

        public bool DirectoryExists(string path) => _disk.DirectoryExists(path);

        public bool FileExists(string path) => _disk.FileExists(path);

        public void CreateDirectory(string path) => _disk.CreateDirectory(path);

        public IReadOnlyList<string> List(string directory) => _disk.List(directory);

        public IDiskFile Open(string path, DiskOpen mode)
        {
            var file = _disk.Open(path, mode);
            return new FullFile(this, file);
        }

        public void Rename(string from, string to) => _disk.Rename(from, to);

        public void Delete(string path) => _disk.Delete(path);

        public void SyncDirectory(string directory) => _disk.SyncDirectory(directory);

        public IDisposable Lock(string path) => _disk.Lock(path);

        public DiskSpace Space(string path) => _disk.Space(path);

        private void Check(string path)
        {
            if (IsFull && IsFullFor(path))
            {
                throw new DiskFullException(path);
            }
        }

        private sealed class FullFile(FullDisk disk, IDiskFile file) : IDiskFile
        {
            public string Path => file.Path;

            public long Length => file.Length;

            public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

            public void Write(ReadOnlySpan<byte> data, long offset)
            {
                disk.Check(Path);
                file.Write(data, offset);
            }

            public void Sync() => file.Sync();

            public void Allocate(long bytes)
            {
                disk.Check(Path);
                file.Allocate(bytes);
            }

            public void DropCache() => file.DropCache();

            public void SetLength(long bytes)
            {
                disk.Check(Path);
                file.SetLength(bytes);
            }

            public void Dispose() => file.Dispose();
        }
    }
}

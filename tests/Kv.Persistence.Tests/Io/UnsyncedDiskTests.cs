using Kv.Persistence.Io;
using Kv.Testing;
using Xunit;

namespace Kv.Persistence.Tests.Io;

public class UnsyncedDiskTests
{
    [Fact]
    public void Nothing_is_synced_and_what_was_written_survives_the_process_but_not_the_machine()
    {
        var below = new SimDisk(seed: 7);
        var disk = new UnsyncedDisk(below);
        disk.CreateDirectory("/d");
        using (var file = disk.Open("/d/f", DiskOpen.Create))
        {
            file.Write("hello"u8, 0);
            file.Sync();
        }
        disk.SyncDirectory("/d");
        Assert.Equal(0, below.Syncs);
        below.Kill();
        Assert.Equal("hello"u8.ToArray(), below.ReadAll("/d/f"));
        below.Crash(keepNothing: true);
        Assert.False(disk.FileExists("/d/f"));
    }
}

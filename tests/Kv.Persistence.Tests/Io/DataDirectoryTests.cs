using Kv.Persistence.Io;
using Kv.Testing;

namespace Kv.Persistence.Tests.Io;

public sealed class DataDirectoryTests
{
    [Fact]
    public void A_new_directory_is_made_and_opens_again()
    {
        var disk = new SimDisk(1);
        using (var made = DataDirectory.Open(disk, "/data")) Assert.True(made.IsNew);
        using var opened = DataDirectory.Open(disk, "/data/");
        Assert.False(opened.IsNew);
        Assert.Equal(("/data/member/wal", "/data/member/snap"), (opened.WalPath, opened.SnapPath));
    }

    [Fact]
    public void Etcds_directory_another_format_and_a_lost_format_file_are_refused()
    {
        var etcd = new SimDisk(1);
        etcd.CreateDirectory("/data/member/snap");
        etcd.Overwrite("/data/member/snap/db", [1]);
        Assert.Contains("etcd made it", Assert.Throws<ForeignDirectoryException>(() => DataDirectory.Open(etcd, "/data")).Message, StringComparison.Ordinal);

        var newer = new SimDisk(1);
        DataDirectory.Open(newer, "/data").Dispose();
        newer.Overwrite("/data/member/kvactors-format", "kvactors-data 2\n"u8.ToArray());
        Assert.Contains("its format is 2", Assert.Throws<ForeignDirectoryException>(() => DataDirectory.Open(newer, "/data")).Message, StringComparison.Ordinal);

        var lost = new SimDisk(1);
        DataDirectory.Open(lost, "/data").Dispose();
        lost.Overwrite("/data/member/wal/0000000000000001.kvwal", [1]);
        lost.Delete("/data/member/kvactors-format");
        Assert.Contains("is missing", Assert.Throws<ForeignDirectoryException>(() => DataDirectory.Open(lost, "/data")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void On_the_real_disk_a_second_holder_is_refused_and_modes_are_private()
    {
        var path = Path.Combine(Path.GetTempPath(), $"kv-data-{Guid.NewGuid():n}");
        try
        {
            using (DataDirectory.Open(PhysicalDisk.Instance, path))
            {
                Assert.Contains("another process", Assert.Throws<DiskLockedException>(() => DataDirectory.Open(PhysicalDisk.Instance, path)).Message, StringComparison.Ordinal);
                if (!OperatingSystem.IsWindows())
                {
                    Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path + "/member/wal"));
                    Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path + "/member/kvactors-format"));
                }
            }

            DataDirectory.Open(PhysicalDisk.Instance, path).Dispose();
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }
}

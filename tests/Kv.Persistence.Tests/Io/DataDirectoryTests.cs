using Kv.Persistence.Checkpoint;
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

    /// <summary>The simulation's seed 23: etcd's raft snapshots were called as ours were, and a start took ours for something that etcd had left.</summary>
    [Fact]
    public void A_snapshot_from_a_leader_stays_where_it_is_at_the_next_start()
    {
        var disk = new SimDisk(seed: 1);
        string path;
        using (var directory = DataDirectory.Open(disk, "/data"))
        {
            path = $"{directory.SnapPath}/{SnapshotFile.NameOf(66, 3)}";
            disk.Overwrite(path, [7]);
        }

        DataDirectory.Open(disk, "/data").Dispose();
        Assert.Equal([7], disk.ReadAll(path));
    }

    [Fact]
    public void A_claimed_directory_of_etcds_is_opened_with_its_files_set_aside_whenever_the_machine_crashed()
    {
        for (var crash = 1L; ; crash++)
        {
            var disk = new SimDisk(seed: (int)crash);
            disk.CreateDirectory("/data/member/snap");
            disk.CreateDirectory("/data/member/wal");
            string[] files = ["snap/db", "snap/0000000000000001-0000000000000001.snap", "wal/0000000000000000-0000000000000000.wal"];
            foreach (var file in files) disk.Overwrite($"/data/member/{file}", [7]);
            Assert.True(DataDirectory.IsEtcds(disk, "/data"));
            disk.CrashAfter = disk.Operations + crash;
            var crashed = false;
            try
            {
                DataDirectory.Claim(disk, "/data");
                DataDirectory.Open(disk, "/data").Dispose();
            }
            catch (SimCrashException)
            {
                crashed = true;
            }

            disk.Crash();
            if (DataDirectory.IsEtcds(disk, "/data"))
            {
                foreach (var file in files) Assert.Equal([7], disk.ReadAll($"/data/member/{file}"));     // as if nothing had happened
                DataDirectory.Claim(disk, "/data");
            }

            DataDirectory.Open(disk, "/data").Dispose();
            foreach (var file in files)
            {
                Assert.Equal([7], disk.ReadAll($"/data/member/{file}.etcd-taken-over"));
                Assert.False(disk.FileExists($"/data/member/{file}"));
            }

            if (!crashed) return;
        }
    }

    [Fact]
    public void A_log_elsewhere_is_set_aside_where_it_is()
    {
        var disk = new SimDisk(1);
        disk.CreateDirectory("/data/member/snap");
        disk.CreateDirectory("/log");
        disk.Overwrite("/data/member/snap/db", [7]);
        disk.Overwrite("/log/0000000000000000-0000000000000000.wal", [8]);
        DataDirectory.Claim(disk, "/data");
        DataDirectory.Open(disk, "/data", "/log").Dispose();
        Assert.Equal([8], disk.ReadAll("/log/0000000000000000-0000000000000000.wal.etcd-taken-over"));
        Assert.Equal([7], disk.ReadAll("/data/member/snap/db.etcd-taken-over"));
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

using System.Globalization;

namespace Kv.Load.Servers;

/// <summary>The disk below a folder, as the kernel counts it: a witness that does not depend on what a server says of itself.</summary>
/// <remarks>It counts the whole machine's writes, so it is only exact on an otherwise idle one; file systems add writes and flushes of their own.</remarks>
internal static class BlockDevice
{
    // /sys/dev/block/MAJ:MIN/stat, kernel's Documentation/block/stat.rst: the 7th number is "write sectors", the 16th "flush I/Os".
    private const int WrittenField = 6, FlushField = 15, SectorBytes = 512;

    /// <summary>Bytes the disk has been given to write since boot; NaN where the folder is on no such disk.</summary>
    public static double BytesWritten(string? folder) => Number(folder, WrittenField) * SectorBytes;

    /// <summary>Flushes that the disk has completed since boot; NaN where the folder is on no such disk.</summary>
    public static double Flushes(string? folder) => Number(folder, FlushField);

    private static double Number(string? folder, int field)
    {
        if (folder is null || DeviceOf(folder) is not { } device)
        {
            return double.NaN;
        }
        var path = $"/sys/dev/block/{device}/stat";
        if (!File.Exists(path))
        {
            return double.NaN;
        }
        var numbers = File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return numbers.Length > field ? double.Parse(numbers[field], CultureInfo.InvariantCulture) : double.NaN;
    }

    /// <summary><c>MAJ:MIN</c> of the mount with the longest path that is a parent of the folder (proc(5), mountinfo).</summary>
    private static string? DeviceOf(string folder)
    {
        var (device, longest) = ((string?)null, -1);
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            var fields = line.Split(' ');
            var mount = fields[4];
            var inside = mount == "/" || folder == mount || folder.StartsWith(mount + "/", StringComparison.Ordinal);
            if (inside && mount.Length >= longest)
            {
                (device, longest) = (fields[2], mount.Length);
            }
        }
        return device;
    }
}

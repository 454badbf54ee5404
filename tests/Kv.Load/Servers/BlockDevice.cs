using System.Globalization;

namespace Kv.Load.Servers;

/// <summary>The disk below a folder, as the kernel counts it: a witness of syncs that does not depend on what a server says of itself.</summary>
/// <remarks>It counts the whole machine's flushes, so it is only exact on an idle one; file systems may add flushes of their own.</remarks>
internal static class BlockDevice
{
    // /sys/dev/block/MAJ:MIN/stat, kernel's Documentation/block/stat.rst: the 16th number is "flush I/Os".
    private const int FlushField = 15;

    /// <summary>Flushes that the disk has completed since boot; NaN where the folder is on no such disk.</summary>
    public static double Flushes(string? folder)
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
        return numbers.Length > FlushField ? double.Parse(numbers[FlushField], CultureInfo.InvariantCulture) : double.NaN;
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

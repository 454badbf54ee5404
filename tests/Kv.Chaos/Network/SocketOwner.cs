using System.Globalization;

namespace Kv.Chaos.Network;

/// <summary>Which process holds the other end of a loopback connection: how a proxy learns who dialled it. Linux, no rights needed for one's own processes.</summary>
internal static class SocketOwner
{
    /// <summary>Which of the processes has a socket from that port to this one; 0 when none has.</summary>
    public static int Find(int fromPort, int toPort, IEnumerable<int> processes)
    {
        if (Inode(fromPort, toPort) is not { } inode)
        {
            return 0;
        }
        var name = $"socket:[{inode}]";
        return processes.FirstOrDefault(id => id != 0 && Holds(id, name));
    }

    /// <summary>Lines of /proc/net/tcp: number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode …; ports in hex.</summary>
    private static string? Inode(int fromPort, int toPort)
    {
        var (from, to) = (Ending(fromPort), Ending(toPort));
        foreach (var table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            if (!File.Exists(table))
            {
                continue;
            }
            foreach (var line in File.ReadLines(table))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 9 && fields[1].EndsWith(from, StringComparison.Ordinal) && fields[2].EndsWith(to, StringComparison.Ordinal) && fields[9] != "0")
                {
                    return fields[9];
                }
            }
        }
        return null;
    }

    private static string Ending(int port) => ":" + port.ToString("X4", CultureInfo.InvariantCulture);

    private static bool Holds(int processId, string socket)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd").Any(fd => Target(fd) == socket);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;                          // it ended while we looked
        }
    }

    private static string? Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (IOException)
        {
            return null;                           // closed while we looked
        }
    }
}

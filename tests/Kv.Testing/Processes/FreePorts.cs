using System.Net;
using System.Net.Sockets;

namespace Kv.Testing.Processes;

/// <summary>Ports for servers that tests and measurements start on loopback.</summary>
/// <remarks>
/// Below the range that the kernel takes the ports of outgoing connections from: one of that range may be a client's by the time the
/// server is started, or started again after a kill. Each process begins at a place of its own and never gives out a port twice.
/// </remarks>
public static class FreePorts
{
    private const int First = 15_000;
    private const int Count = 17_000;
    private const int PerProcess = 97;
    private static int s_taken = -1;

    /// <summary>A port that nobody listens on now, on no address.</summary>
    /// <exception cref="InvalidOperationException">None of them is free.</exception>
    public static int Next() => Next(inARow: 1);

    /// <summary>The first of several ports in a row that nobody listens on now. None of the row is given out again.</summary>
    /// <exception cref="InvalidOperationException">There is no such row.</exception>
    public static int Next(int inARow)
    {
        for (var tried = 0; tried < Count; tried += inARow)
        {
            var taken = (uint)(Interlocked.Add(ref s_taken, inARow) - inARow + 1);
            var place = (int)(((uint)Environment.ProcessId * PerProcess + taken) % Count);
            if (place + inARow <= Count && Enumerable.Range(First + place, inARow).All(IsFree))
            {
                return First + place;
            }
        }
        throw new InvalidOperationException($"no {inARow} ports in a row from {First} to {First + Count - 1} are free");
    }

    /// <summary>Whether a server could listen there now.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

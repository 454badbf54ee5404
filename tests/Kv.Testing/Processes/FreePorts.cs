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
    public static int Next()
    {
        for (var tried = 0; tried < Count; tried++)
        {
            var port = First + (int)(((uint)Environment.ProcessId * PerProcess + (uint)Interlocked.Increment(ref s_taken)) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }
        throw new InvalidOperationException($"no port from {First} to {First + Count - 1} is free");
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

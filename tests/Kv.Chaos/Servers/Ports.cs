using System.Net;
using System.Net.Sockets;

namespace Kv.Chaos.Servers;

/// <summary>Ports that stay ours while a member is down.</summary>
internal static class Ports
{
    private static readonly Random s_random = new();

    /// <summary>A loopback port that is free now, below the range that outgoing connections take theirs from: nobody is given it by chance meanwhile.</summary>
    public static int Free()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            int port;
            lock (s_random)
            {
                port = s_random.Next(12_000, 32_000);
            }
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Try another.
            }
        }
        throw new InvalidOperationException("no free port below 32000 in 1000 attempts");
    }
}

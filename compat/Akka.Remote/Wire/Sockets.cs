using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Remote.Transport.DotNetty;

namespace Akka.Remote.Wire;

/// <summary>Sockets as the settings want them.</summary>
internal static class Sockets
{
    public static async Task<Socket> ListenAsync(DotNettyTransportSettings settings, CancellationToken token)
    {
        var endpoint = new IPEndPoint(await ResolveAsync(settings, settings.Hostname, token).ConfigureAwait(false), settings.Port);
        var socket = New(endpoint.AddressFamily);
        try
        {
            // Elsewhere .NET lets a port be bound again by itself while old connections linger. The option would let two listeners share
            // a port, as it does in the package unless tcp-reuse-addr is off: never wanted.
            if (OperatingSystem.IsWindows() && settings.TcpReuseAddr) socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(endpoint);
            socket.Listen(settings.Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static async Task<Socket> ConnectAsync(DotNettyTransportSettings settings, Address address, CancellationToken token)
    {
        var endpoint = new IPEndPoint(await ResolveAsync(settings, address.Host, token).ConfigureAwait(false), address.Port.GetValueOrDefault());
        var socket = New(endpoint.AddressFamily);
        try
        {
            Prepare(settings, socket);
            await socket.ConnectAsync(endpoint, token).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Options of a connection, made or accepted.</summary>
    public static void Prepare(DotNettyTransportSettings settings, Socket socket)
    {
        socket.NoDelay = settings.TcpNoDelay;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, settings.TcpKeepAlive);
        if (settings.SendBufferSize is { } send) socket.SendBufferSize = send;
        if (settings.ReceiveBufferSize is { } receive) socket.ReceiveBufferSize = receive;
    }

    private static Socket New(AddressFamily family) => new(family, SocketType.Stream, ProtocolType.Tcp);

    private static async Task<IPAddress> ResolveAsync(DotNettyTransportSettings settings, string host, CancellationToken token)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var literal)) return literal;
        var wanted = settings.DnsUseIpv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        var found = await Dns.GetHostAddressesAsync(host, token).ConfigureAwait(false);
        return found.FirstOrDefault(address => address.AddressFamily == wanted)
            ?? (settings.EnforceIpFamily ? null : found.FirstOrDefault())
            ?? throw new RemoteTransportException($"No {wanted} address is known for host [{host}]");
    }
}

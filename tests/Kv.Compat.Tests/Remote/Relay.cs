using System.Net;
using System.Net.Sockets;

namespace Kv.Compat.Tests.Remote;

/// <summary>Stands between two nodes: what connects to it is passed on, until it stalls. Then connections stay open and nothing moves.</summary>
internal sealed class Relay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closed = new();
    private readonly List<Socket> _sockets = [];
    private volatile bool _stalled;

    public Relay()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
    }

    public int Port { get; }

    public void To(int port) => _ = AcceptAsync(port);

    public void Stall() => _stalled = true;

    public void Dispose()
    {
        if (_closed.IsCancellationRequested) return;
        _closed.Cancel();
        _listener.Stop();
        lock (_sockets)
            foreach (var socket in _sockets) socket.Dispose();
    }

    private async Task AcceptAsync(int port)
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptSocketAsync(_closed.Token);
                var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                lock (_sockets) _sockets.AddRange([near, far]);
                if (!_stalled) await far.ConnectAsync(IPAddress.Loopback, port, _closed.Token);
                _ = PassAsync(near, far);
                _ = PassAsync(far, near);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return;                                     // the test is over, or the node behind is
        }
    }

    private async Task PassAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (!_stalled)
            {
                var read = await from.ReceiveAsync(buffer, _closed.Token);
                if (_stalled) return;
                if (read == 0) break;
                await to.SendAsync(buffer.AsMemory(0, read), _closed.Token);
            }

            if (!_stalled) to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            to.Close();
        }
    }
}

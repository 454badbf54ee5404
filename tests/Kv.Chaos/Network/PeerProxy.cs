using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Kv.Chaos.Network;

/// <summary>Stands in front of one member's peer port: peers dial it, and it does to their bytes what the links say.</summary>
/// <remarks>
/// A member advertises one URL, so its proxy serves all its peers and learns who dialled from the kernel (<see cref="SocketOwner"/>).
/// One connection carries both directions, each under its own link: bytes from the dialler under dialler → member, answers under member → dialler.
/// </remarks>
internal sealed class PeerProxy : IAsyncDisposable
{
    private const int ChunkBytes = 16 * 1024;
    private const int ChunksUnderWay = 64;                 // 1 MiB each way; then the sender's own window closes

    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly string _member;
    private readonly LinkTable _links;
    private readonly Func<int, int, string?> _whoDialled;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    /// <summary>Listens at once.</summary>
    /// <param name="member">Whose port it stands before.</param>
    /// <param name="port">Where peers dial.</param>
    /// <param name="target">The member's own port.</param>
    /// <param name="links">What happens to bytes.</param>
    /// <param name="whoDialled">The member with a connection from one port to another; null when it is none.</param>
    public PeerProxy(string member, int port, int target, LinkTable links, Func<int, int, string?> whoDialled)
    {
        (_member, _target, _links, _whoDialled) = (member, target, links, whoDialled);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var dialled = await _listener.AcceptSocketAsync(_stop.Token);
                open.RemoveAll(static t => t.IsCompleted);
                open.Add(ServeAsync(dialled));
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException && _stop.IsCancellationRequested)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(Socket dialled)
    {
        await Task.Yield();
        using var _ = dialled;
        using var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (_whoDialled(((IPEndPoint)dialled.RemoteEndPoint!).Port, Port) is not { } peer)
            {
                return;                                    // it is gone already
            }
            var (there, back) = (_links[peer, _member], _links[_member, peer]);
            if (there.IsRefused || back.IsRefused)
            {
                dialled.LingerState = new LingerOption(true, 0);
                return;
            }
            dialled.NoDelay = target.NoDelay = true;
            await target.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            using var broken = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            var both = Task.WhenAll(PumpAsync(dialled, target, there, broken), PumpAsync(target, dialled, back, broken));
            while (!both.IsCompleted)
            {
                var changed = Task.WhenAny(there.Changed, back.Changed);       // taken before the look, so that no change is missed
                if (there.IsRefused || back.IsRefused)
                {
                    dialled.LingerState = target.LingerState = new LingerOption(true, 0);      // a reset, not an end
                    await broken.CancelAsync();
                    break;
                }
                await Task.WhenAny(both, changed);
            }
            await both;
        }
        catch (Exception gone) when (gone is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two went away: both connections end here.
        }
    }

    /// <summary>Moves bytes one way until the sender ends, keeping each piece back as the link says. The order never changes.</summary>
    private static async Task PumpAsync(Socket from, Socket to, LinkState link, CancellationTokenSource broken)
    {
        var pieces = Channel.CreateBounded<(byte[] Buffer, int Count, long Due)>(ChunksUnderWay);
        try
        {
            await Task.WhenAll(ReadAsync(from, link, pieces.Writer, broken), WriteAsync(to, link, pieces.Reader, broken));
        }
        catch
        {
            await broken.CancelAsync();
            throw;
        }
    }

    private static async Task ReadAsync(Socket from, LinkState link, ChannelWriter<(byte[], int, long)> pieces, CancellationTokenSource broken)
    {
        try
        {
            while (true)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
                var count = await from.ReceiveAsync(buffer, broken.Token);
                await pieces.WriteAsync((buffer, count, Environment.TickCount64 + (long)link.Delay.TotalMilliseconds), broken.Token);
                if (count == 0)
                {
                    return;
                }
            }
        }
        catch
        {
            await broken.CancelAsync();
            throw;
        }
        finally
        {
            pieces.Complete();
        }
    }

    private static async Task WriteAsync(Socket to, LinkState link, ChannelReader<(byte[] Buffer, int Count, long Due)> pieces, CancellationTokenSource broken)
    {
        try
        {
            await foreach (var (buffer, count, due) in pieces.ReadAllAsync(broken.Token))
            {
                if (due - Environment.TickCount64 is > 0 and var wait)
                {
                    await Task.Delay((int)wait, broken.Token);
                }
                await link.PassAsync(broken.Token);
                if (count == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                }
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), broken.Token);
                }
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        catch
        {
            await broken.CancelAsync();
            throw;
        }
    }
}

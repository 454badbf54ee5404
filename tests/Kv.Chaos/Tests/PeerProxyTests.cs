using System.Net;
using System.Net.Sockets;
using Kv.Chaos.Network;
using Kv.Testing;
using Xunit;

namespace Kv.Chaos.Tests;

/// <summary>A proxy in front of a member "to", dialled by a member "from": what its links do to real connections.</summary>
public sealed class PeerProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = PatientTestKit.Patience;

    private readonly LinkTable _links = new(["from", "to"]);
    private readonly TcpListener _target = new(IPAddress.Loopback, 0);
    private PeerProxy _proxy = null!;

    public Task InitializeAsync()
    {
        _target.Start();
        _proxy = new PeerProxy("to", 0, ((IPEndPoint)_target.LocalEndpoint).Port, _links,
            (port, own) => SocketOwner.Find(port, own, [Environment.ProcessId]) == Environment.ProcessId ? "from" : null);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _target.Stop();
        await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task Bytes_pass_both_ways_and_ends_pass_too()
    {
        var (from, to) = await ConnectAsync();
        using (from)
        using (to)
        {
            await SendAsync(from, 1);
            Assert.Equal(1, await ReceiveAsync(to));
            await SendAsync(to, 2);
            Assert.Equal(2, await ReceiveAsync(from));
            from.Shutdown(SocketShutdown.Send);
            Assert.Equal(-1, await ReceiveAsync(to));
            await SendAsync(to, 3);                                // the other way is still open
            Assert.Equal(3, await ReceiveAsync(from));
        }
    }

    [Fact]
    public async Task A_link_that_is_held_keeps_bytes_back_one_way_only_and_lets_them_go_in_order()
    {
        var (from, to) = await ConnectAsync();
        using (from)
        using (to)
        {
            var hold = _links["from", "to"].Hold();
            await SendAsync(from, 1);
            await SendAsync(to, 9);
            Assert.Equal(9, await ReceiveAsync(from));             // answers pass
            await SendAsync(from, 2);
            var arrived = ReceiveAsync(to);
            await SendAsync(to, 8);
            Assert.Equal(8, await ReceiveAsync(from));
            Assert.False(arrived.IsCompleted);
            hold.Dispose();
            Assert.Equal(1, await arrived);
            Assert.Equal(2, await ReceiveAsync(to));
        }
    }

    [Fact]
    public async Task A_link_held_twice_stays_held_until_both_let_go()
    {
        var link = _links["from", "to"];
        var (first, second) = (link.Hold(), link.Hold());
        first.Dispose();
        first.Dispose();                                           // once is once
        Assert.True(link.IsHeld);
        var passing = link.PassAsync(CancellationToken.None);
        Assert.False(passing.IsCompleted);
        second.Dispose();
        await passing.WaitAsync(s_patience);
    }

    [Fact]
    public async Task A_link_that_refuses_breaks_what_is_open_and_what_comes()
    {
        var (from, to) = await ConnectAsync();
        using (from)
        using (to)
        {
            using (_links["to", "from"].Refuse())
            {
                Assert.Equal(-1, await ReceiveAsync(from));
                Assert.Equal(-1, await ReceiveAsync(to));
                Assert.True(await IsRefusedAsync());
            }
            var (again, accepted) = await ConnectAsync();
            using (again)
            using (accepted)
            {
                await SendAsync(again, 1);
                Assert.Equal(1, await ReceiveAsync(accepted));
            }
        }
    }

    [Fact]
    public async Task A_slow_link_delays()
    {
        var (from, to) = await ConnectAsync();
        using (from)
        using (to)
        using (_links["from", "to"].Slow(TimeSpan.FromMilliseconds(200)))
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            await SendAsync(from, 1);
            Assert.Equal(1, await ReceiveAsync(to));
            Assert.InRange(clock.ElapsedMilliseconds, 180, 20_000);
        }
    }

    [Fact]
    public async Task Who_is_no_member_is_not_let_through()
    {
        await using var strict = new PeerProxy("to", 0, ((IPEndPoint)_target.LocalEndpoint).Port, _links, static (_, _) => null);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, strict.Port);
        Assert.Equal(-1, await ReceiveAsync(socket));
    }

    private async Task<(Socket From, Socket To)> ConnectAsync()
    {
        var from = await DialAsync();
        return (from, await _target.AcceptSocketAsync().WaitAsync(s_patience));
    }

    private async Task<Socket> DialAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        return socket;
    }

    /// <summary>Whether who dials now is reset: while dialling or at the first read, as the proxy is faster or slower than the dialler's wakening.</summary>
    private async Task<bool> IsRefusedAsync()
    {
        try
        {
            using var late = await DialAsync();
            return await ReceiveAsync(late) == -1;
        }
        catch (SocketException reset) when (reset.SocketErrorCode is SocketError.ConnectionReset)
        {
            return true;
        }
    }

    private static async Task SendAsync(Socket socket, byte value) => await socket.SendAsync(new[] { value });

    /// <summary>The next byte; -1 when the connection has ended or was broken.</summary>
    private static async Task<int> ReceiveAsync(Socket socket)
    {
        var one = new byte[1];
        try
        {
            return await socket.ReceiveAsync(one).WaitAsync(s_patience) == 0 ? -1 : one[0];
        }
        catch (SocketException)
        {
            return -1;
        }
    }
}

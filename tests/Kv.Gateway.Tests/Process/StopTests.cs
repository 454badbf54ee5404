using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Gateway.Tests.Process;

/// <summary>A process that is asked to end waits for the calls in flight, and for nothing that a client does or leaves undone after them.</summary>
public sealed class StopTests
{
    /// <summary>Far above what it takes, below every time-out that could be waited out instead.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(3);

    /// <summary>etcd closes its connections as soon as their calls are over; a client need not do it for it.</summary>
    [Theory]
    [InlineData("nothing")]
    [InlineData("a call that is over")]
    [InlineData("a watch")]
    [InlineData("a watch, half-closed")]
    [InlineData("a lease kept alive")]
    [InlineData("a look at the health")]
    [InlineData("a page over HTTP/1.1")]
    [InlineData("silence")]
    [InlineData("half a preface")]
    public async Task A_client_that_keeps_its_connection_open_does_not_hold_it_up(string does)
    {
        await using var server = await KvServer.StartAsync();
        using var client = new RawClient(server.Endpoint);
        await client.DoAsync(does);
        var start = Stopwatch.GetTimestamp();
        Assert.Equal(0, await server.TerminateAsync());
        var took = Stopwatch.GetElapsedTime(start);
        Assert.True(took < Soon, $"with {does} it took {took}");
        Assert.Equal(does is "a page over HTTP/1.1" or "silence" or "half a preface" ? "" : "GOAWAY", await client.EndAsync());
    }

    /// <summary>Speaks a few frames, and never closes or resets anything by itself.</summary>
    private sealed class RawClient(string endpoint) : IDisposable
    {
        private const byte Data = 0, Headers = 1, Settings = 4, GoAway = 7;
        private const byte EndStream = 1, EndHeaders = 4;
        private readonly TcpClient _tcp = new();
        private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(1));

        public async Task DoAsync(string what)
        {
            await _tcp.ConnectAsync(IPEndPoint.Parse(endpoint), _patience.Token);
            if (what == "a page over HTTP/1.1")
            {
                await SendAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
                await _tcp.GetStream().ReadExactlyAsync(new byte[15], _patience.Token);
                return;
            }
            if (what is "silence" or "half a preface")
            {
                await SendAsync("PRI * HT"u8[..(what == "silence" ? 0 : 8)].ToArray());
                using var other = new RawClient(endpoint);     // behind it: by now the silent one has been accepted
                await other.DoAsync("nothing");
                return;
            }
            await SendAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0)]);
            await NextAsync(Settings);
            switch (what)
            {
                case "a call that is over":
                    await SendAsync([.. Call("/etcdserverpb.KV/Range"), .. Frame(Data, EndStream, 1, 0, 0, 0, 0, 3, 0x0a, 1, (byte)'k')]);
                    while ((await NextAsync(Headers)).Flags % 2 != EndStream)
                    {
                    }
                    break;
                case "a lease kept alive":
                    await SendAsync([.. Call("/etcdserverpb.Lease/LeaseKeepAlive"), .. Frame(Data, 0, 1, 0, 0, 0, 0, 2, 8, 5)]);
                    await NextAsync(Data);
                    break;
                case "a look at the health":
                    await SendAsync([.. Call("/grpc.health.v1.Health/Watch"), .. Frame(Data, EndStream, 1, 0, 0, 0, 0, 0)]);
                    await NextAsync(Data);
                    break;
                case "a watch" or "a watch, half-closed":
                    await SendAsync([.. Call("/etcdserverpb.Watch/Watch"), .. Frame(Data, what == "a watch" ? (byte)0 : EndStream, 1, 0, 0, 0, 0, 5, 0x0a, 3, 0x0a, 1, (byte)'k')]);
                    await NextAsync(Data);
                    break;
            }
        }

        /// <summary>Reads until the server has closed; tells whether it said that it would.</summary>
        public async Task<string> EndAsync()
        {
            var said = "";
            try
            {
                while (true)
                {
                    said = (await NextAsync(GoAway)).Type == GoAway ? "GOAWAY" : said;
                }
            }
            catch (IOException)                                    // also what the end of the stream is
            {
                return said;
            }
        }

        public void Dispose()
        {
            _tcp.Dispose();
            _patience.Dispose();
        }

        private static byte[] Call(string path) => Frame(
            Headers, EndHeaders, 1, [0x83, 0x86, 0x44, .. Text(path), 0x41, .. Text("x"), 0x5f, .. Text("application/grpc"), 0x40, .. Text("te"), .. Text("trailers")]);

        private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

        private static byte[] Frame(byte type, byte flags, byte stream, params byte[] payload) =>
            [0, 0, (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];

        private async Task SendAsync(byte[] bytes) => await _tcp.GetStream().WriteAsync(bytes, _patience.Token);

        private async Task<(byte Type, byte Flags)> NextAsync(byte type)
        {
            var head = new byte[9];
            while (true)
            {
                await _tcp.GetStream().ReadExactlyAsync(head, _patience.Token);
                await _tcp.GetStream().ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian([0, .. head.AsSpan(0, 3)])], _patience.Token);
                if (head[3] == type)
                {
                    return (head[3], head[4]);
                }
            }
        }
    }
}

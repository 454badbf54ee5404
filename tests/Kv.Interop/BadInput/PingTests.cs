using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Interop.BadInput;

/// <summary>A client that pings too often is sent away by etcd and by this service after the same ping and with the same words.</summary>
public sealed class PingTests
{
    private const string SentAway = "4 answered, goaway 11 too_many_pings, closed";

    [InteropFact("etcd")]
    public async Task Pings_are_counted_as_etcd_counts_them()
    {
        await BothAsync([], async endpoint =>
        {
            Assert.Equal("3 answered", await PingAsync(endpoint, watches: false, 3));
            Assert.Equal(SentAway, await PingAsync(endpoint, watches: false, 4));
            Assert.Equal("3 answered", await PingAsync(endpoint, watches: true, 3));
            Assert.Equal(SentAway, await PingAsync(endpoint, watches: true, 4));
        });
    }

    [InteropFact("etcd")]
    public async Task How_often_a_client_may_ping_is_set_by_flag()
    {
        await BothAsync(["--grpc-keepalive-min-time=1us"], async endpoint =>
        {
            Assert.Equal("50 answered", await PingAsync(endpoint, watches: true, 50));
            Assert.Equal(SentAway, await PingAsync(endpoint, watches: false, 4));      // the flag is for connections with calls
        });
    }

    private static async Task<string> PingAsync(string endpoint, bool watches, int times)
    {
        using var client = await PingingClient.ConnectAsync(endpoint);
        if (watches)
        {
            await client.WatchAsync();
        }
        return await client.PingAsync(times);
    }

    private static async Task BothAsync(string[] flags, Func<string, Task> judge)
    {
        var starting = KvServer.StartAsync(flags);
        await using var etcd = await EtcdServer.StartAsync(flags);
        await using var ours = await starting;
        await judge(etcd.Endpoint);
        await judge(ours.Endpoint);
    }

    /// <summary>A client of a few frames: calls Watch, pings, and reads what comes.</summary>
    private sealed class PingingClient : IDisposable
    {
        private const byte Headers = 1, Settings = 4, Ping = 6, GoAway = 7;
        private readonly TcpClient _tcp = new();
        private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30));

        public static async Task<PingingClient> ConnectAsync(string endpoint)
        {
            var client = new PingingClient();
            await client._tcp.ConnectAsync(IPEndPoint.Parse(endpoint), client._patience.Token);
            await client.SendAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0)]);
            await client.NextAsync(Settings);
            return client;
        }

        /// <summary>Begins a watch, and waits for its first answer.</summary>
        public async Task WatchAsync()
        {
            byte[] block = [0x83, 0x86, 0x44, .. Text("/etcdserverpb.Watch/Watch"), 0x41, .. Text("x"), 0x5f, .. Text("application/grpc"), 0x40, .. Text("te"), .. Text("trailers")];
            byte[] create = [0, 0, 0, 0, 5, 0x0a, 3, 0x0a, 1, (byte)'k'];
            await SendAsync([.. Frame(Headers, 4, 1, block), .. Frame(0, 0, 1, create)]);
            await NextAsync(0);
        }

        /// <summary>Pings so many times, each time when the ping before was answered; tells how many were, and how it ended if it did.</summary>
        public async Task<string> PingAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await SendAsync(Frame(Ping, 0, 0, new byte[8]));
                Assert.Equal(Ping, (await NextAsync(Ping, GoAway)).Type);
            }
            try
            {
                await SendAsync(Frame(Settings, 0, 0));                     // its answer comes behind whatever is said already
            }
            catch (IOException)
            {
                // Closed by now: the reason waits to be read.
            }
            var (type, payload) = await NextAsync(Settings, GoAway);
            return type == Settings
                ? $"{times} answered"
                : $"{times} answered, goaway {payload[7]} {Encoding.ASCII.GetString(payload, 8, payload.Length - 8)}, {(await IsClosedAsync() ? "closed" : "open")}";
        }

        public void Dispose()
        {
            _tcp.Dispose();
            _patience.Dispose();
        }

        private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

        private static byte[] Frame(byte type, byte flags, byte stream, params byte[] payload) =>
            [0, 0, (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];

        private async Task SendAsync(byte[] bytes) => await _tcp.GetStream().WriteAsync(bytes, _patience.Token);

        /// <summary>The next frame of one of these types.</summary>
        private async Task<(byte Type, byte[] Payload)> NextAsync(params byte[] types)
        {
            var head = new byte[9];
            while (true)
            {
                await _tcp.GetStream().ReadExactlyAsync(head, _patience.Token);
                var payload = new byte[BinaryPrimitives.ReadInt32BigEndian([0, .. head.AsSpan(0, 3)])];
                await _tcp.GetStream().ReadExactlyAsync(payload, _patience.Token);
                if (types.Contains(head[3]))
                {
                    return (head[3], payload);
                }
            }
        }

        private async Task<bool> IsClosedAsync()
        {
            try
            {
                return await _tcp.GetStream().ReadAsync(new byte[1], _patience.Token) == 0;
            }
            catch (IOException)
            {
                return true;
            }
        }
    }
}

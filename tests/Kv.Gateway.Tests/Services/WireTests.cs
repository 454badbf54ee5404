using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Xunit;
using static Kv.Gateway.Tests.Services.NodeHost;

namespace Kv.Gateway.Tests.Services;

/// <summary>Bytes that are no proper call: each fails alone, and the node goes on.</summary>
public sealed class WireTests(NodeHost node) : IClassFixture<NodeHost>, IAsyncLifetime
{
    private const string Range = "/etcdserverpb.KV/Range";

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Whatever a test sent, the next call is served.</summary>
    public async Task DisposeAsync()
    {
        await node.Kv.PutAsync(new PutRequest { Key = B("alive"), Value = B("v") });
        Assert.Single((await node.Kv.RangeAsync(new RangeRequest { Key = B("alive") })).Kvs);
    }

    [Theory]
    [InlineData("0AFF")]                          // a field longer than the message
    [InlineData("0A0561")]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFF")]      // a varint without end
    [InlineData("00")]                            // field number 0
    [InlineData("0F")]                            // wire type 7
    public async Task A_message_that_is_no_protobuf_is_an_internal_error(string hex)
    {
        foreach (var path in (string[])[Range, "/etcdserverpb.KV/Txn", "/etcdserverpb.Lease/LeaseGrant", "/etcdserverpb.Watch/Watch", "/etcdserverpb.Lease/LeaseKeepAlive"])
        {
            var (http, status, message, _) = await node.PostAsync(path, ServiceHost.Frame(Convert.FromHexString(hex)));
            Assert.Equal((200, "13"), (http, status));
            Assert.Contains("grpc:", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Fields_of_a_later_version_are_ignored()
    {
        var (http, status, _, body) = await node.PostAsync(Range, ServiceHost.Frame([.. new RangeRequest { Key = B("k") }.ToByteArray(), 0xA2, 0x06, 0x01, 0x41]));
        Assert.Equal((200, "0"), (http, status));
        Assert.NotEqual(0ul, RangeResponse.Parser.ParseFrom(body, 5, body.Length - 5).Header.MemberId);
    }

    [Theory]
    [InlineData("")]                              // no message at all
    [InlineData("00")]                            // half a prefix
    [InlineData("000000")]
    [InlineData("0000000005")]                    // a message announced, none sent
    [InlineData("00000000050A016B")]              // less than announced
    [InlineData("00FFFFFFFF0A016B")]              // 4 GiB announced
    [InlineData("000000000" + "30A016B0A016B")]   // more than announced
    [InlineData("01000000030A016B")]              // compressed, by no one says what
    [InlineData("02000000030A016B")]              // a flag that does not exist
    public async Task A_frame_that_does_not_add_up_fails_its_call(string hex)
    {
        foreach (var path in (string[])[Range, "/etcdserverpb.KV/Put"])
        {
            var (http, status, message, body) = await node.PostAsync(path, Convert.FromHexString(hex));
            Assert.Equal((200, 0), (http, body.Length));
            Assert.NotEqual("0", status);
            Assert.False(string.IsNullOrEmpty(message), $"no text for {hex}");
        }
    }

    [Theory]
    [InlineData("/etcdserverpb.KV/Nope", "unknown method Nope for service etcdserverpb.KV")]
    [InlineData("/etcdserverpb.Nope/Range", "unknown service etcdserverpb.Nope")]
    [InlineData("/v3lockpb.Lock/Lock", "unknown service v3lockpb.Lock")]
    [InlineData("/etcdserverpb.KV/range", "unknown method range for service etcdserverpb.KV")]
    [InlineData("/etcdserverpb.kv/Range", "unknown service etcdserverpb.kv")]
    [InlineData("/grpc.health.v1.health/Check", "unknown service grpc.health.v1.health")]
    [InlineData("/etcdserverpb.KV/Range/", "unknown service etcdserverpb.KV/Range")]
    public async Task Unknown_methods_and_services_are_unimplemented_with_grpcs_words(string path, string text)
    {
        var (http, status, message, _) = await node.PostAsync(path, ServiceHost.Frame([]));
        Assert.Equal((200, "12", text), (http, status, Uri.UnescapeDataString(message ?? "")));
    }

    [Fact]
    public async Task A_packed_message_is_read_and_one_that_unpacks_past_the_limit_is_refused_while_it_is_unpacked()
    {
        var fits = Packed(new PutRequest { Key = B("packed"), Value = ByteString.CopyFrom(new byte[1_000_000]) });
        Assert.Equal("0", (await node.PostAsync("/etcdserverpb.KV/Put", fits, encoding: "gzip")).Status);
        Assert.Equal(1_000_000, (await node.Kv.RangeAsync(new RangeRequest { Key = B("packed") })).Kvs[0].Value.Length);

        var bomb = Packed(new PutRequest { Key = B("bomb"), Value = ByteString.CopyFrom(new byte[64 << 20]) });
        Assert.True(bomb.Length < 1_000_000);
        var (http, status, message, _) = await node.PostAsync("/etcdserverpb.KV/Put", bomb, encoding: "gzip");
        Assert.Equal((200, "8", "grpc: received message after decompression larger than max 2097152"), (http, status, Uri.UnescapeDataString(message ?? "")));

        static byte[] Packed(PutRequest request)
        {
            using var packed = new MemoryStream();
            using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
            {
                request.WriteTo(gzip);
            }
            var frame = ServiceHost.Frame(packed.ToArray());
            frame[0] = 1;
            return frame;
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    [InlineData("application/grpcx")]
    public async Task Another_content_type_is_not_taken_for_a_call(string contentType)
    {
        var (http, _, _, body) = await node.PostAsync(Range, ServiceHost.Frame([]), contentType);
        Assert.Contains(http, (int[])[404, 415]);
        Assert.DoesNotContain("Exception", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_1_on_the_port_gets_pages_and_a_404()
    {
        Assert.Equal((404, "404 page not found\n"), await node.GetAsync("/"));
        Assert.Equal((404, "404 page not found\n"), await node.GetAsync("/etcdserverpb.KV/Range"));
        Assert.Equal((200, "{\"health\":\"true\",\"reason\":\"\"}"), await node.GetAsync("/health"));
        var version = await node.GetAsync("/version");
        Assert.Equal(200, version.Http);
        Assert.Contains("\"etcdserver\":\"3.6.8\",\"etcdcluster\":\"3.6.0\"", version.Body, StringComparison.Ordinal);
        Assert.Contains("etcd_server_has_leader 1", (await node.GetAsync("/metrics")).Body, StringComparison.Ordinal);

        var posted = await RawAsync("POST /etcdserverpb.KV/Range HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc\r\nContent-Length: 5\r\nConnection: close\r\n\r\n\0\0\0\0\0");
        Assert.Matches("^HTTP/1.1 (404|415|426|505) ", posted);
    }

    [Theory]
    [InlineData("garbage that ends\r\n\r\n")]
    [InlineData("GET / HTTP/9.9\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nthis is no HTTP/2 frame, whatever it says")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003 a TLS hello")]
    public async Task Bytes_of_another_protocol_end_the_connection(string bytes)
    {
        var answer = await RawAsync(bytes);
        Assert.DoesNotContain("200 OK", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_goes_away_in_the_middle_of_a_call_leaves_nothing_behind()
    {
        using (var channel = node.Connect())
        {
            var watches = new List<WatchCall>();
            for (var i = 0; i < 20; i++)
            {
                var watch = new WatchCall(node, channel);
                await watch.CreateAsync(new WatchCreateRequest { Key = B("left") });
                watches.Add(watch);
            }
            await UntilAsync(() => node.MetricAsync("etcd_debugging_mvcc_watcher_total"), static watchers => watchers == 20);
        }
        await UntilAsync(() => node.MetricAsync("etcd_debugging_mvcc_watcher_total"), static watchers => watchers == 0);
        await UntilAsync(() => node.MetricAsync("etcd_debugging_mvcc_watch_stream_total"), static streams => streams == 0);
    }

    [Fact]
    public async Task A_deadline_that_passes_ends_the_call()
    {
        using var call = node.Watch.Watch(deadline: DateTime.UtcNow.AddMilliseconds(200));
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(ServiceHost.Patience));
        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
    }

    /// <summary>Sends bytes and reads until the server closes.</summary>
    private async Task<string> RawAsync(string bytes)
    {
        using var patience = new CancellationTokenSource(ServiceHost.Patience);
        using var client = new TcpClient();
        var (host, port) = (node.Endpoint.Split(':')[0], int.Parse(node.Endpoint.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
        await client.ConnectAsync(host, port, patience.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes), patience.Token);
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, patience.Token);
        }
        catch (IOException reset) when (reset.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return Encoding.Latin1.GetString(answer.ToArray());   // closed with bytes unread: as good an end as any
        }
        return Encoding.Latin1.GetString(answer.ToArray());
    }
}

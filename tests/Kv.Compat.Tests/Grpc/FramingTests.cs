using System.IO.Compression;
using System.Net;
using System.Text;
using Grpc.Core;

namespace Kv.Compat.Tests.Grpc;

/// <summary>Requests as bytes: what is wrong with a frame, and what the server says to it. The connection always survives.</summary>
public sealed class FramingTests
{
    private const string Unary = "/test.Bytes/Unary";
    private const string Up = "/test.Bytes/Up";

    public static TheoryData<string, byte[], string, string> BadBodies => new()
    {
        { "no body", [], "13", "Incomplete message." },
        { "a cut prefix", [0, 0, 0], "13", "Incomplete message." },
        { "a cut message", Host.Frame("abc", announced: 10), "13", "Incomplete message." },
        { "bytes after the message", [.. Host.Frame("abc"), 1], "13", "Additional data after the message received." },
        { "two messages", [.. Host.Frame("abc"), .. Host.Frame("def")], "13", "Additional data after the message received." },
        { "an unknown flag", Host.Frame("abc", flag: 2), "2", "Exception was thrown by handler." },
        { "a message above 4 MiB", Host.Frame("abc", announced: (4 << 20) + 1), "8", "Received message exceeds the maximum configured message size." },
        { "a message above 2 GiB", Host.Frame("abc", announced: uint.MaxValue), "2", "Exception was thrown by handler." },
        { "compressed without a name", Host.Frame("abc", flag: 1), "13", "Request did not include grpc-encoding value with compressed message." },
        { "a message that does not parse", Host.Frame(BytesServiceBase.Methods.Malformed), "2", "Exception was thrown by handler." },
    };

    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task A_bad_unary_body_ends_in_a_status(string what, byte[] body, string status, string message)
    {
        await using var host = await Host.StartAsync();

        var raw = await host.SendAsync(Unary, body);

        Assert.Equal((what, HttpStatusCode.OK, status, message), (what, raw.Status, raw.GrpcStatus, raw.GrpcMessage));
        Assert.Empty(raw.Body);
        Assert.Equal(Host.Frame("ok"), (await host.SendAsync(Unary, Host.Frame("ok"))).Body);
    }

    [Fact]
    public async Task A_stream_may_not_end_inside_a_message()
    {
        await using var host = await Host.StartAsync();
        StatusCode? seen = null;
        host.Service.OnUp = async (requests, _) =>
        {
            Assert.True(await requests.MoveNext(CancellationToken.None));
            var e = await Assert.ThrowsAsync<RpcException>(() => requests.MoveNext(CancellationToken.None));
            seen = e.StatusCode;
            throw e;
        };

        var raw = await host.SendAsync(Up, [.. Host.Frame("abc"), 0, 0, 0, 0, 9, 1]);

        Assert.Equal(StatusCode.Internal, seen);
        Assert.Equal(("13", "Incomplete message."), (raw.GrpcStatus, raw.GrpcMessage));
    }

    [Fact]
    public async Task Messages_that_arrive_byte_by_byte_are_put_together()
    {
        await using var host = await Host.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(host.Address) };
        using var request = new HttpRequestMessage(HttpMethod.Post, Up)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Trickle([.. Host.Frame("abc"), .. Host.Frame(""), .. Host.Frame("de")]),
        };

        using var response = await http.SendAsync(request);

        Assert.Equal(Host.Frame("abc,,de,"), await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_compressed_request_is_unpacked(string encoding)
    {
        await using var host = await Host.StartAsync();

        var raw = await host.SendAsync(Unary, Host.Frame(Pack(encoding, "hello hello hello"), flag: 1), headers: ("grpc-encoding", encoding));

        Assert.Equal(Host.Frame("hello hello hello"), raw.Body);
        Assert.DoesNotContain("grpc-encoding", raw.Headers.Keys);
    }

    [Fact]
    public async Task An_unknown_encoding_is_refused_with_those_that_are_known()
    {
        await using var host = await Host.StartAsync();

        var raw = await host.SendAsync(Unary, Host.Frame("abc", flag: 1), headers: ("grpc-encoding", "snappy"));

        Assert.Equal("12", raw.GrpcStatus);
        Assert.Equal("Unsupported grpc-encoding value 'snappy'. Supported encodings: identity, gzip, deflate", raw.GrpcMessage);
        Assert.Equal("identity,gzip,deflate", raw.Headers["grpc-accept-encoding"]);
    }

    [Fact]
    public async Task An_encoding_that_is_announced_but_not_used_does_no_harm()
    {
        await using var host = await Host.StartAsync();

        Assert.Equal(Host.Frame("abc"), (await host.SendAsync(Unary, Host.Frame("abc"), headers: ("grpc-encoding", "snappy"))).Body);
    }

    /// <summary>So do the packages since 2.85; before, they looked at the packed length alone.</summary>
    [Theory]
    [InlineData(100_000, true)]
    [InlineData(100_001, false)]
    [InlineData(10_000_000, false)]
    public async Task The_limit_is_on_what_a_message_unpacks_to(int length, bool fits)
    {
        await using var host = await Host.StartAsync(options => options.MaxReceiveMessageSize = 100_000);
        host.Service.OnUnary = static (text, _) => Task.FromResult($"{text.Length}");

        var raw = await host.SendAsync(Unary, Host.Frame(Pack("gzip", new string('x', length)), flag: 1), headers: ("grpc-encoding", "gzip"));

        Assert.Equal(fits ? ("0", null) : ("8", "Received message exceeds the maximum configured message size."), (raw.GrpcStatus, raw.GrpcMessage));
        Assert.Equal(fits ? Host.Frame($"{length}") : [], raw.Body);
    }

    [Theory]
    [InlineData(100_000, true)]
    [InlineData(100_001, false)]
    public async Task A_client_s_limit_is_on_what_an_answer_unpacks_to(int length, bool fits)
    {
        await using var host = await Host.StartAsync(
            options => options.ResponseCompressionAlgorithm = "gzip", channel: new() { MaxReceiveMessageSize = 100_000 });
        host.Service.OnUnary = (_, _) => Task.FromResult(new string('x', length));
        var call = host.Unary("").ResponseAsync;

        if (fits)
        {
            Assert.Equal(length, (await call.WaitAsync(Host.Patience)).Length);
            return;
        }

        Assert.Equal(StatusCode.ResourceExhausted, (await Host.FailsAsync(call)).StatusCode);
    }

    [Theory]
    [InlineData("gzip", "gzip", true)]
    [InlineData("gzip", "identity, gzip", true)]
    [InlineData("gzip", "identity,deflate", false)]
    [InlineData("gzip", null, false)]
    public async Task A_response_is_compressed_if_configured_and_accepted(string configured, string? accepted, bool compressed)
    {
        await using var host = await Host.StartAsync(options => options.ResponseCompressionAlgorithm = configured);
        var text = new string('x', 10_000);

        var raw = await host.SendAsync(Unary, Host.Frame(text), headers: accepted is null ? [] : [("grpc-accept-encoding", accepted)]);

        Assert.Equal(compressed, raw.Headers.GetValueOrDefault("grpc-encoding") == "gzip");
        Assert.Equal(compressed ? 1 : 0, raw.Body[0]);
        if (compressed) Assert.InRange(raw.Body.Length, 6, 1000);
        else Assert.Equal(Host.Frame(text), raw.Body);
    }

    [Fact]
    public async Task Compression_works_end_to_end_and_can_be_left_out_message_by_message()
    {
        await using var host = await Host.StartAsync(options => options.ResponseCompressionAlgorithm = "gzip");
        host.Service.OnDown = static async (request, responses, _) =>
        {
            await responses.WriteAsync(request);
            responses.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
            await responses.WriteAsync(request);
        };
        var text = new string('z', 5000);

        using var call = host.Down(text, new CallOptions(new Metadata { { "grpc-internal-encoding-request", "gzip" } }));

        Assert.Equal([text, text], await Host.ReadAllAsync(call.ResponseStream));
        var raw = await host.SendAsync("/test.Bytes/Down", Host.Frame(text), headers: ("grpc-accept-encoding", "gzip"));
        Assert.Equal(1, raw.Body[0]);
        Assert.Equal(Host.Frame(text), raw.Body[^(5 + text.Length)..]);
    }

    [Fact]
    public async Task A_method_may_choose_the_encoding_of_its_own_answers()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static async (request, context) =>
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "grpc-internal-encoding-request", "gzip" } });
            return request;
        };
        var text = new string('z', 5000);

        Assert.Equal(text, await host.Unary(text));
        var raw = await host.SendAsync(Unary, Host.Frame(text));
        Assert.Equal(("gzip", (byte)1), (raw.Headers["grpc-encoding"], raw.Body[0]));
    }

    private static byte[] Pack(string encoding, string text)
    {
        using var output = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true) : new ZLibStream(output, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return output.ToArray();
    }

    /// <summary>Sends every byte in a frame of its own.</summary>
    private sealed class Trickle : HttpContent
    {
        private readonly byte[] _bytes;

        public Trickle(byte[] bytes)
        {
            _bytes = bytes;
            Headers.TryAddWithoutValidation("content-type", "application/grpc+proto");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var b in _bytes)
            {
                await stream.WriteAsync(new[] { b });
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

using Kv.Load.Http2;
using Xunit;

namespace Kv.Gateway.Tests.Load;

/// <summary>The load generator's header blocks, byte for byte (RFC 7541).</summary>
public sealed class RequestHeadersTests
{
    [Fact]
    public void A_first_block_inserts_and_a_second_is_all_indexes()
    {
        var headers = new RequestHeaders("h:1");
        Assert.Equal(
            "8386" + "44022F61" + "4103683A31" + "5F10" + Hex("application/grpc") + "40027465" + "08" + Hex("trailers") + "7A07" + Hex("kv-load"),
            Write(headers, "/a"));
        // The dynamic table's newest entry is 62: user-agent, te, content-type, :authority, :path from there on.
        Assert.Equal("8386" + "C2C1C0BFBE", Write(headers, "/a"));
    }

    [Fact]
    public void Another_path_is_inserted_and_moves_the_others_on()
    {
        var headers = new RequestHeaders("h:1");
        Write(headers, "/a");
        Assert.Equal("8386" + "44022F62" + "C2C1C0BF", Write(headers, "/b"));
        Assert.Equal("8386" + "C3" + "C2C1C0BF", Write(headers, "/a"));
    }

    /// <summary>RFC 7541, section 5.1: a length of 127 or more goes on in a second byte.</summary>
    [Theory]
    [InlineData(126, "7E")]
    [InlineData(127, "7F00")]
    [InlineData(128, "7F01")]
    [InlineData(255, "7F8001")]
    public void Lengths_at_the_edge_of_their_prefix(int length, string written)
    {
        var path = "/" + new string('p', length - 1);
        Assert.StartsWith("8386" + "44" + written + Hex(path), Write(new RequestHeaders("h:1"), path), StringComparison.Ordinal);
    }

    private static string Write(RequestHeaders headers, string path)
    {
        var buffer = new FrameBuffer();
        headers.Write(buffer, path);
        return Convert.ToHexString(buffer.Written.Span);
    }

    private static string Hex(string text) => Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(text));
}

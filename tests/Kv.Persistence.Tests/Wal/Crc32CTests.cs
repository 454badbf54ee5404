using System.Text;
using Kv.Persistence.Wal;

namespace Kv.Persistence.Tests.Wal;

public sealed class Crc32CTests
{
    [Theory]
    [InlineData("", 0u)]
    [InlineData("a", 0xC1D04330u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void Known_vectors_hold(string text, uint expected)
    {
        Assert.Equal(expected, Crc32C.Of(Encoding.ASCII.GetBytes(text)));
        Assert.Equal(expected, Crc32C.Portable(0, Encoding.ASCII.GetBytes(text)));
    }

    [Fact]
    public void The_vectors_of_rfc_3720_hold()   // appendix B.4
    {
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Of(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
        Assert.Equal(0x113FDB5Cu, Crc32C.Of(Enumerable.Range(0, 32).Select(i => (byte)(31 - i)).ToArray()));
    }

    [Fact]
    public void Hardware_portable_and_piecewise_agree_at_every_length()
    {
        var data = new byte[300];
        new Random(1).NextBytes(data);
        for (var length = 0; length <= data.Length; length++)
        {
            var whole = Crc32C.Of(data.AsSpan(0, length));
            Assert.Equal(whole, Crc32C.Portable(0, data.AsSpan(0, length)));
            var cut = length / 3;
            Assert.Equal(whole, Crc32C.Append(Crc32C.Of(data.AsSpan(0, cut)), data.AsSpan(cut, length - cut)));
            Assert.Equal(whole, Crc32C.Portable(Crc32C.Portable(0, data.AsSpan(0, cut)), data.AsSpan(cut, length - cut)));
        }
    }
}

using System.IO.Pipelines;
using Kv.Gateway.Http;
using Xunit;

namespace Kv.Gateway.Tests.Http;

/// <summary>A URL where HTTP/2 wants a host is replaced in the first HEADERS frame, wherever the bytes are cut; everything else passes as it is.</summary>
public sealed class AuthorityRepairTests
{
    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>"http://127.0.0.1:2379" by the Huffman code of RFC 7541, appendix B.</summary>
    private static readonly byte[] HuffmanUrl = Convert.FromHexString("9d29aee30c044eae05c0b86e09975f");

    [Fact]
    public async Task A_url_is_replaced_at_every_cut()
    {
        byte[] plain = [0x83, 0x41, 21, .. "http://127.0.0.1:2379"u8, 0x86];
        byte[] huffman = [0x83, 0x41, (byte)(0x80 | HuffmanUrl.Length), .. HuffmanUrl, 0x86];
        byte[] repaired = [0x83, 0x41, 9, .. "localhost"u8, 0x86];
        foreach (var block in (byte[][])[plain, huffman])
        {
            byte[] sent = [.. Preface, .. Frame(4, []), .. Frame(1, block), .. Frame(0, "body"u8.ToArray())];
            byte[] wanted = [.. Preface, .. Frame(4, []), .. Frame(1, repaired), .. Frame(0, "body"u8.ToArray())];
            for (var cut = 1; cut < sent.Length; cut++)
            {
                Assert.Equal(Convert.ToHexString(wanted), Convert.ToHexString(await PassAsync(sent, cut)));
            }
        }
    }

    [Fact]
    public async Task A_host_and_later_frames_pass_unchanged_at_every_cut()
    {
        byte[] block = [0x83, 0x41, 14, .. "127.0.0.1:2379"u8, 0x86];
        byte[] later = [0x41, 21, .. "http://127.0.0.1:2379"u8];
        byte[] sent = [.. Preface, .. Frame(4, [0, 1, 0, 0, 0, 0]), .. Frame(8, [0, 0, 0, 1]), .. Frame(1, block), .. Frame(1, later)];
        for (var cut = 1; cut < sent.Length; cut++)
        {
            Assert.Equal(Convert.ToHexString(sent), Convert.ToHexString(await PassAsync(sent, cut)));
        }
    }

    private static byte[] Frame(byte type, byte[] payload) => [0, 0, (byte)payload.Length, type, 4, 0, 0, 0, 1, .. payload];

    private static async Task<byte[]> PassAsync(byte[] sent, int cut)
    {
        var pipe = new Pipe();
        var repair = new AuthorityRepair(pipe.Reader);
        var read = ReadAllAsync(repair);
        await pipe.Writer.WriteAsync(sent.AsMemory(0, cut));
        await pipe.Writer.WriteAsync(sent.AsMemory(cut));
        await pipe.Writer.CompleteAsync();
        return await read;
    }

    private static async Task<byte[]> ReadAllAsync(AuthorityRepair reader)
    {
        using var all = new MemoryStream();
        while (true)
        {
            var read = await reader.ReadAsync();
            foreach (var part in read.Buffer)
            {
                all.Write(part.Span);
            }
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return all.ToArray();
            }
        }
    }
}

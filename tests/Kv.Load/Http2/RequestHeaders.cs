using System.Text;

namespace Kv.Load.Http2;

/// <summary>Writes the header block of a gRPC request, indexed after its first use as a real client's is (RFC 7541).</summary>
/// <remarks>One connection's encoder. The few distinct headers never fill the 4 KiB dynamic table, so nothing is evicted.</remarks>
internal sealed class RequestHeaders(string authority)
{
    private readonly Dictionary<string, int> _inserted = [];

    /// <summary>Appends the block for a call of <paramref name="path"/>.</summary>
    public void Write(FrameBuffer buffer, string path)
    {
        buffer.Take(1)[0] = 0x83;                               // :method POST, static 3
        buffer.Take(1)[0] = 0x86;                               // :scheme http, static 6
        WriteField(buffer, ":path", 4, path);
        WriteField(buffer, ":authority", 1, authority);
        WriteField(buffer, "content-type", 31, "application/grpc");
        WriteField(buffer, "te", 0, "trailers");
        WriteField(buffer, "user-agent", 58, "kv-load");
    }

    private void WriteField(FrameBuffer buffer, string name, int staticIndex, string value)
    {
        var id = $"{name}\0{value}";
        if (_inserted.TryGetValue(id, out var position))
        {
            WriteInteger(buffer, 0x80, 7, 62 + (_inserted.Count - 1 - position));
            return;
        }
        if (staticIndex > 0)
        {
            WriteInteger(buffer, 0x40, 6, staticIndex);
        }
        else
        {
            WriteInteger(buffer, 0x40, 6, 0);
            WriteString(buffer, name);
        }
        WriteString(buffer, value);
        _inserted.Add(id, _inserted.Count);
    }

    private static void WriteString(FrameBuffer buffer, string text)
    {
        WriteInteger(buffer, 0, 7, Encoding.ASCII.GetByteCount(text));
        buffer.Write(Encoding.ASCII.GetBytes(text));
    }

    private static void WriteInteger(FrameBuffer buffer, int pattern, int prefixBits, int value)
    {
        var limit = (1 << prefixBits) - 1;
        if (value < limit)
        {
            buffer.Take(1)[0] = (byte)(pattern | value);
            return;
        }
        buffer.Take(1)[0] = (byte)(pattern | limit);
        for (value -= limit; value >= 128; value >>= 7)
        {
            buffer.Take(1)[0] = (byte)(value | 0x80);
        }
        buffer.Take(1)[0] = (byte)value;
    }
}

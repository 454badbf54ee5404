namespace Akka.Remote.Wire;

/// <summary>Names that this side has sent and the other keeps: paths, manifests, steps of selections. Sent in full once, as a number after.</summary>
/// <remarks>
/// Example: "/user/peers#7" goes out as 2 + text and gets number 0; the next time it is the one byte 3. When the table is full both
/// sides forget all: actors come and go, and neither side should hold on to those gone.
/// </remarks>
internal sealed class OutboundNames
{
    private readonly Dictionary<string, uint> _byText = new(StringComparer.Ordinal);
    private readonly Dictionary<object, uint> _byReference = new(ReferenceEqualityComparer.Instance);
    private uint _next;

    /// <summary>Before a message that may name up to four: makes room.</summary>
    /// <returns>Whether all was forgotten, which the message must then say.</returns>
    public bool MakeRoom()
    {
        if (_next + 4 <= Frame.MaxNames) return false;
        _byText.Clear();
        _byReference.Clear();
        _next = 0;
        return true;
    }

    public void WriteNone(FrameBuffer buffer) => buffer.Varint(0);

    /// <summary>A name that will not come again.</summary>
    public void WriteOnce(FrameBuffer buffer, string text)
    {
        buffer.Varint(1);
        buffer.Text(text);
    }

    public void Write(FrameBuffer buffer, string text)
    {
        if (_byText.TryGetValue(text, out var number))
        {
            buffer.Varint(number + 3);
            return;
        }

        _byText.Add(text, _next++);
        buffer.Varint(2);
        buffer.Text(text);
    }

    /// <summary>The name of an object that is known by reference, so that its text is made once only.</summary>
    public void Write<T>(FrameBuffer buffer, T named, Func<T, string> text)
        where T : class
    {
        if (_byReference.TryGetValue(named, out var number))
        {
            buffer.Varint(number + 3);
            return;
        }

        _byReference.Add(named, _next++);
        buffer.Varint(2);
        buffer.Text(text(named));
    }
}

/// <summary>Names that the other side has sent, and what they were resolved to here.</summary>
internal sealed class InboundNames
{
    private readonly Name[] _names = new Name[Frame.MaxNames];
    private int _count;

    public void Forget()
    {
        Array.Clear(_names, 0, _count);
        _count = 0;
    }

    /// <returns>The name, or null for none.</returns>
    public Name Read(ref FrameReader reader)
    {
        var code = reader.Varint();
        switch (code)
        {
            case 0:
                return null;
            case 1:
                return new Name(reader.Text());
            case 2:
                if (_count == _names.Length) throw new ProtocolException($"More than {_names.Length} names.");
                return _names[_count++] = new Name(reader.Text());
            default:
                if (code - 3 >= (ulong)_count) throw new ProtocolException($"Name {code - 3} of {_count}.");
                return _names[code - 3];
        }
    }
}

/// <summary>A name, and what it was resolved to, kept while the connection keeps the name.</summary>
internal sealed class Name(string text)
{
    public string Text { get; } = text;

    public object Resolved { get; set; }
}

using System.Buffers;

namespace Grpc.Core;

/// <summary>
/// Where a marshaller writes one message: either <see cref="Complete(byte[])"/> alone, or
/// <see cref="SetPayloadLength"/> if known, then <see cref="GetBufferWriter"/>, then <see cref="Complete()"/>.
/// </summary>
public abstract class SerializationContext
{
    /// <summary>Hands over the whole message.</summary>
    public virtual void Complete(byte[] payload) => throw new NotImplementedException();

    /// <summary>Where to write the message's bytes.</summary>
    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotImplementedException();

    /// <summary>Announces the exact length, which saves a copy. Before <see cref="GetBufferWriter"/>.</summary>
    public virtual void SetPayloadLength(int payloadLength)
    {
    }

    /// <summary>The message has been written.</summary>
    public virtual void Complete() => throw new NotImplementedException();
}

/// <summary>Collects one message in an array.</summary>
internal sealed class ArraySerializationContext : SerializationContext
{
    private ArrayBufferWriter<byte>? _writer;
    private byte[]? _payload;

    public override void Complete(byte[] payload)
    {
        if (_payload is not null || _writer is not null) throw new InvalidOperationException("The message has been written already.");
        _payload = payload;
    }

    public override IBufferWriter<byte> GetBufferWriter() => _writer ??= new ArrayBufferWriter<byte>();

    public override void Complete()
    {
        if (_payload is not null || _writer is null) throw new InvalidOperationException("Complete() ends what GetBufferWriter() began.");
        _payload = _writer.WrittenSpan.ToArray();
    }

    public byte[] ToArray() => _payload ?? throw new InvalidOperationException("The marshaller did not complete the message.");
}

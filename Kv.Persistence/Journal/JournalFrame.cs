using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Kv.Persistence.Journal;

/// <summary>Kinds of WAL record the journal writes.</summary>
public static class JournalRecordType
{
    /// <summary>One or more whole atomic writes: a run of frames of one persistence id.</summary>
    public const byte Events = 1;

    /// <summary>Events up to a number are deleted: persistence id, deleted-to, highest.</summary>
    public const byte Deletion = 2;
}

/// <summary>One persistent event in a WAL record. Integers little-endian; texts UTF-8 behind a 32-bit length.</summary>
/// <remarks><code>
///  record of type 1 (events):   version 1 (1 byte) | persistence id (text) | frame | frame ...
///  record of type 2 (deletion): version 1 (1 byte) | persistence id (text) | deleted to (8) | highest (8)
///
///  frame   size  field
///     0       4  frame bytes, these four included
///     4       8  sequence number
///    12       8  timestamp, UTC ticks
///    20       4  serializer id
///    24       4  payload bytes, n
///    28       n  payload
///             t  serializer manifest (text)
///             t  event manifest of an event adapter (text)
///             t  writer guid (text)
/// </code>
/// An atomic write never spans two records, so it is there whole or not at all.
/// </remarks>
/// <param name="SequenceNr">Number of the event.</param>
/// <param name="Timestamp">UTC ticks.</param>
/// <param name="SerializerId">Which serializer made the payload.</param>
/// <param name="SerializerManifest">What that serializer wants back.</param>
/// <param name="Manifest">The event's own manifest.</param>
/// <param name="WriterGuid">The actor incarnation that wrote it.</param>
public readonly record struct JournalFrame(
    long SequenceNr, long Timestamp, int SerializerId, string SerializerManifest, string Manifest, string WriterGuid)
{
    /// <summary>First byte of every record of ours.</summary>
    public const byte Version = 1;

    private const int FixedBytes = 28;

    /// <summary>Begins a record.</summary>
    public static void WriteRecordStart(IBufferWriter<byte> target, string persistenceId)
    {
        target.GetSpan(1)[0] = Version;
        target.Advance(1);
        WriteText(target, persistenceId);
    }

    /// <summary>Writes a deletion record.</summary>
    public static void WriteDeletion(IBufferWriter<byte> target, string persistenceId, long deletedTo, long highest)
    {
        WriteRecordStart(target, persistenceId);
        var span = target.GetSpan(16);
        BinaryPrimitives.WriteInt64LittleEndian(span, deletedTo);
        BinaryPrimitives.WriteInt64LittleEndian(span[8..], highest);
        target.Advance(16);
    }

    /// <summary>Reads what <see cref="WriteRecordStart"/> wrote and moves <paramref name="record"/> behind it.</summary>
    /// <exception cref="InvalidDataException">Another version, or too short.</exception>
    public static string ReadRecordStart(ref ReadOnlySpan<byte> record)
    {
        if (record.Length < 1 || record[0] != Version)
            throw new InvalidDataException($"a journal record of version {(record.Length < 1 ? -1 : record[0])}; this program reads {Version}");
        record = record[1..];
        return ReadText(ref record);
    }

    /// <summary>Reads the rest of a deletion record.</summary>
    public static (long DeletedTo, long Highest) ReadDeletion(ReadOnlySpan<byte> rest)
    {
        if (rest.Length != 16) throw new InvalidDataException($"a deletion record with {rest.Length} bytes behind its id; 16 are expected");
        return (BinaryPrimitives.ReadInt64LittleEndian(rest), BinaryPrimitives.ReadInt64LittleEndian(rest[8..]));
    }

    /// <summary>Appends this frame with its payload.</summary>
    public void Write(IBufferWriter<byte> target, ReadOnlySpan<byte> payload)
    {
        var texts = 12 + Encoding.UTF8.GetByteCount(SerializerManifest) + Encoding.UTF8.GetByteCount(Manifest) + Encoding.UTF8.GetByteCount(WriterGuid);
        var span = target.GetSpan(FixedBytes);
        BinaryPrimitives.WriteInt32LittleEndian(span, checked(FixedBytes + payload.Length + texts));
        BinaryPrimitives.WriteInt64LittleEndian(span[4..], SequenceNr);
        BinaryPrimitives.WriteInt64LittleEndian(span[12..], Timestamp);
        BinaryPrimitives.WriteInt32LittleEndian(span[20..], SerializerId);
        BinaryPrimitives.WriteInt32LittleEndian(span[24..], payload.Length);
        target.Advance(FixedBytes);
        target.Write(payload);
        WriteText(target, SerializerManifest);
        WriteText(target, Manifest);
        WriteText(target, WriterGuid);
    }

    /// <summary>Reads only the number of the next frame and moves <paramref name="frames"/> behind it; what indexing needs.</summary>
    public static long Skip(ref ReadOnlySpan<byte> frames)
    {
        var bytes = Length(frames);
        var number = BinaryPrimitives.ReadInt64LittleEndian(frames[4..]);
        frames = frames[bytes..];
        return number;
    }

    /// <summary>Reads the next frame and moves <paramref name="frames"/> behind it.</summary>
    /// <param name="frames">Frames, at least one.</param>
    /// <param name="payload">A part of <paramref name="frames"/>.</param>
    public static JournalFrame Read(ref ReadOnlySpan<byte> frames, out ReadOnlySpan<byte> payload)
    {
        var frame = frames[..Length(frames)];
        frames = frames[frame.Length..];
        var payloadBytes = BinaryPrimitives.ReadInt32LittleEndian(frame[24..]);
        if (payloadBytes < 0 || payloadBytes > frame.Length - FixedBytes) throw new InvalidDataException($"a payload of {payloadBytes} bytes in a frame of {frame.Length}");
        payload = frame.Slice(FixedBytes, payloadBytes);
        var texts = frame[(FixedBytes + payloadBytes)..];
        return new JournalFrame(
            BinaryPrimitives.ReadInt64LittleEndian(frame[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(frame[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(frame[20..]),
            ReadText(ref texts),
            ReadText(ref texts),
            ReadText(ref texts));
    }

    private static int Length(ReadOnlySpan<byte> frames)
    {
        var bytes = frames.Length < FixedBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(frames);
        return bytes >= FixedBytes && bytes <= frames.Length ? bytes : throw new InvalidDataException($"a frame of {bytes} bytes where {frames.Length} are left");
    }

    private static void WriteText(IBufferWriter<byte> target, string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        var span = target.GetSpan(4 + bytes);
        BinaryPrimitives.WriteInt32LittleEndian(span, bytes);
        Encoding.UTF8.GetBytes(text, span[4..]);
        target.Advance(4 + bytes);
    }

    private static string ReadText(ref ReadOnlySpan<byte> source)
    {
        var bytes = source.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(source);
        if (bytes < 0 || bytes > source.Length - 4) throw new InvalidDataException($"a text of {bytes} bytes where {source.Length} are left");
        var text = bytes == 0 ? string.Empty : Encoding.UTF8.GetString(source.Slice(4, bytes));
        source = source[(4 + bytes)..];
        return text;
    }
}

using System.Buffers;
using System.IO.Pipelines;

namespace Kv.Gateway.Http;

/// <summary>Lets in clients whose first request names a URL where HTTP/2 wants a host: etcdctl 3.4 with <c>--endpoints http://…</c>.</summary>
/// <remarks>
/// Its maintenance calls carry <c>:authority: http://127.0.0.1:2379</c>, which Kestrel answers with PROTOCOL_ERROR and etcd does
/// not look at. Until the first HEADERS frame this hands on whole frames only; if that frame's field is such a URL, a host that
/// means nothing takes its place, in the peer's header table too. From then on it only passes reads through.
/// <code>
///  41            literal with incremental indexing, name 1 of the static table (RFC 7541, 6.2.1 and appendix A)
///  80 | length   Huffman-coded value         9d 29 ae e3 0c 0…   is "http://"
/// </code>
/// </remarks>
internal sealed class AuthorityRepair(PipeReader inner) : PipeReader
{
    private const int PrefaceBytes = 24;
    private const int FrameHeaderBytes = 9;
    private const byte HeadersFrame = 1;

    /// <summary>The longest frame that both sides may send before settings say otherwise (RFC 9113, section 6.5.2).</summary>
    private const int LongestFrame = 16_384;
    private bool _first = true;
    private bool _done;
    private SequencePosition _end;
    private byte[]? _held;
    private int _heldFrom;
    private bool _heldIsLast;
    private bool _heldIsSeen;

    private enum Verdict
    {
        /// <summary>A frame is cut off: read on before anything is handed over.</summary>
        Incomplete,

        /// <summary>Whole frames, none of them HEADERS.</summary>
        NotYet,

        /// <summary>The first HEADERS frame is here and is fine; or this is no HTTP/2.</summary>
        Fine,

        /// <summary>It is here and was repaired.</summary>
        Repaired,
    }

    private static ReadOnlySpan<byte> Host => "localhost"u8;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        _done && _held is null ? inner.ReadAsync(cancellationToken) : LookAsync(cancellationToken);

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (_done && _held is null)
        {
            return inner.TryRead(out result);
        }
        if (_held is not null)
        {
            result = Held();
            return true;
        }
        result = default;
        return false;                                          // looking may have to wait: that is ReadAsync's to do
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_held is not null)
        {
            _heldFrom = consumed.GetInteger();
            _heldIsSeen = examined.GetInteger() == _held.Length;
            if (_heldFrom == _held.Length)
            {
                _held = null;
            }
            return;
        }
        _done |= !consumed.Equals(_end);                       // frames are no longer met at their beginning: leave it at that
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private ReadResult Held() => new(new ReadOnlySequence<byte>(_held!, _heldFrom, _held!.Length - _heldFrom), isCanceled: false, _heldIsLast);

    private async ValueTask<ReadResult> LookAsync(CancellationToken cancel)
    {
        if (_held is not null && !_heldIsSeen)
        {
            return Held();
        }
        while (true)
        {
            var read = await inner.ReadAsync(cancel).ConfigureAwait(false);
            if (_held is not null)
            {
                // Not all of it was taken: what has come since goes behind the rest.
                _held = [.. _held.AsSpan(_heldFrom), .. read.Buffer.ToArray()];
                (_heldFrom, _heldIsSeen, _heldIsLast) = (0, false, read.IsCompleted);
                inner.AdvanceTo(read.Buffer.End);
                return Held();
            }
            if (_done || read.IsCanceled)
            {
                return read;
            }
            var bytes = read.Buffer.ToArray();
            switch (Look(bytes, _first ? PrefaceBytes : 0, out var repaired))
            {
                case Verdict.Incomplete when read.IsCompleted:
                    _done = true;
                    return read;
                case Verdict.Incomplete:
                    inner.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                case Verdict.Repaired:
                    inner.AdvanceTo(read.Buffer.End);
                    (_held, _heldFrom, _heldIsLast, _done) = (repaired, 0, read.IsCompleted, true);
                    return Held();
                case Verdict.Fine:
                    _done = true;
                    return read;
                default:
                    (_first, _end) = (false, read.Buffer.End);
                    return read;
            }
        }
    }

    private static Verdict Look(byte[] bytes, int at, out byte[]? repaired)
    {
        repaired = null;
        while (at < bytes.Length)
        {
            if (bytes.Length - at < FrameHeaderBytes)
            {
                return Verdict.Incomplete;
            }
            var length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
            if (length > LongestFrame)
            {
                return Verdict.Fine;                           // no frame that may be sent: Kestrel's to refuse, and not to be waited for
            }
            if (bytes.Length - at - FrameHeaderBytes < length)
            {
                return Verdict.Incomplete;
            }
            if (bytes[at + 3] == HeadersFrame)
            {
                repaired = Repair(bytes, at, length);
                return repaired is null ? Verdict.Fine : Verdict.Repaired;
            }
            at += FrameHeaderBytes + length;
        }
        return at > bytes.Length ? Verdict.Incomplete : Verdict.NotYet;
    }

    /// <summary>The same bytes with another authority in the frame at <paramref name="at"/>; null when it needs none.</summary>
    private static byte[]? Repair(byte[] bytes, int at, int length)
    {
        var payload = bytes.AsSpan(at + FrameHeaderBytes, length);
        for (var i = 0; i + 2 < payload.Length; i++)
        {
            if (payload[i] is not (0x41 or 0x01 or 0x11))      // a literal whose name is :authority, in each of its three forms
            {
                continue;
            }
            var isHuffman = (payload[i + 1] & 0x80) != 0;
            var size = payload[i + 1] & 0x7f;
            if (size == 0x7f || i + 2 + size > payload.Length || !IsUrl(payload.Slice(i + 2, size), isHuffman))
            {
                continue;
            }
            var block = new ArrayBufferWriter<byte>(bytes.Length + Host.Length);
            block.Write(bytes.AsSpan(0, at));
            var frame = length - size + Host.Length;
            block.Write([(byte)(frame >> 16), (byte)(frame >> 8), (byte)frame]);
            block.Write(bytes.AsSpan(at + 3, FrameHeaderBytes - 3));
            block.Write(payload[..(i + 1)]);
            block.Write([(byte)Host.Length]);
            block.Write(Host);
            block.Write(payload[(i + 2 + size)..]);
            block.Write(bytes.AsSpan(at + FrameHeaderBytes + length));
            return block.WrittenSpan.ToArray();
        }
        return null;
    }

    private static bool IsUrl(ReadOnlySpan<byte> value, bool isHuffman) => isHuffman
        ? value.Length > 5 && value.StartsWith((ReadOnlySpan<byte>)[0x9d, 0x29, 0xae, 0xe3, 0x0c]) && value[5] < 0x80
        : value.StartsWith("http://"u8);
}

using Kv.Persistence.Io;

namespace Kv.Persistence.Wal;

/// <summary>Goes through the log from one record to the end it had when the reader was made, verifying on the way.</summary>
/// <remarks>Holds one file open and one buffer; for one thread. What is appended meanwhile is not seen.</remarks>
public sealed class WalReader : IDisposable
{
    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly WalPosition _end;
    private WalSegment? _segment;
    private WalPosition _next;

    internal WalReader(IDisk disk, string directory, in WalPosition from, in WalPosition end)
    {
        _disk = disk;
        _directory = directory;
        _next = from;
        _end = end;
    }

    /// <summary>Reads the next record; the log's own records are passed over.</summary>
    /// <param name="position">Where it stands.</param>
    /// <param name="type">Its type, 1..127.</param>
    /// <param name="payload">Valid until the next call.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="DamagedFileException">What stands there is not what was written.</exception>
    public bool TryRead(out WalPosition position, out byte type, out ReadOnlySpan<byte> payload)
    {
        while (_next.Sequence < _end.Sequence || (_next.Sequence == _end.Sequence && _next.Offset < _end.Offset))
        {
            if (_segment is null)
            {
                _segment = WalSegment.Open(_disk, _directory, _next.Sequence);
                _segment.Seek(_next);
            }

            var read = _segment.Read(out position, out var header, out payload);
            _next = _segment.Next;
            if (read == WalRead.Record && header.Type is > 0 and <= WalRecord.MaxCallerType)
            {
                type = header.Type;
                return true;
            }

            if (read == WalRead.Record && header.Type != WalRecord.SealType) continue;

            // Opening the log has verified that the next segment continues exactly here, sealed or not.
            if (_next.Sequence == _end.Sequence)
                throw new DamagedFileException(_segment.Path, _next.Offset, _segment.Problem ?? "records that were there are gone");
            _segment.Dispose();
            _segment = WalSegment.Open(_disk, _directory, _next.Sequence + 1);
            var expected = header.Type == WalRecord.SealType && read == WalRead.Record ? _next.PreviousCrc : WalRecord.SealCrc(_next);
            if (_segment.Header.PreviousCrc != expected)
                throw new DamagedFileException(WalDirectory.SegmentPath(_directory, _next.Sequence), _next.Offset, _segment.Problem ?? "records that were there are gone");
            _next = _segment.Next;
        }

        position = _next;
        type = 0;
        payload = default;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _segment?.Dispose();
}

namespace Kv.Persistence.Io;

/// <summary>A file as a buffered stream that can seek: for writing a database front to back, and for sending one.</summary>
/// <remarks>Reads are not buffered. <see cref="Flush"/> hands the buffer to the file; it does not sync.</remarks>
public class DiskStream : Stream
{
    private readonly IDiskFile _file;
    private const int FirstBufferBytes = 4096;
    private readonly int _bufferBytes;
    private byte[] _buffer;
    private long _bufferStart;
    private int _buffered;
    private long _length;

    /// <summary>Begins at offset 0.</summary>
    /// <param name="file">Not closed with the stream.</param>
    /// <param name="bufferBytes">Bytes gathered before they are written. The buffer grows to that: most files are small.</param>
    public DiskStream(IDiskFile file, int bufferBytes = 256 << 10)
    {
        ArgumentNullException.ThrowIfNull(file);
        _file = file;
        _bufferBytes = bufferBytes;
        _buffer = new byte[Math.Min(FirstBufferBytes, bufferBytes)];
        _length = file.Length;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => Math.Max(_length, _bufferStart + _buffered);

    /// <inheritdoc/>
    public override long Position
    {
        get => _bufferStart + _buffered;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Flush();
            _bufferStart = value;
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_buffered + buffer.Length > _bufferBytes) Flush();
        if (buffer.Length > _bufferBytes)
        {
            Put(buffer);
            return;
        }

        if (_buffered + buffer.Length > _buffer.Length)
            Array.Resize(ref _buffer, Math.Min(_bufferBytes, Math.Max(_buffered + buffer.Length, _buffer.Length * 4)));
        buffer.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += buffer.Length;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        Flush();
        var read = _file.Read(buffer, _bufferStart);
        _bufferStart += read;
        return read;
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    /// <inheritdoc/>
    public override void SetLength(long value)
    {
        Flush();
        _file.SetLength(value);
        _length = value;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        if (_buffered == 0) return;
        Put(_buffer.AsSpan(0, _buffered));
        _buffered = 0;
    }

    /// <summary>Bytes have gone to the file.</summary>
    /// <param name="bytes">Valid during the call.</param>
    /// <param name="offset">Where they are.</param>
    protected virtual void Written(ReadOnlySpan<byte> bytes, long offset)
    {
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        var offset = _bufferStart;
        _file.Write(bytes, offset);
        _bufferStart += bytes.Length;
        _length = Math.Max(_length, _bufferStart);
        Written(bytes, offset);
    }
}

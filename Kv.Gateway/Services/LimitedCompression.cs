using System.Globalization;
using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Kv.Gateway.Services;

/// <summary>A compression that refuses messages which unpack to more than the limit, for a few kilobytes may unpack to gigabytes, and messages
/// which do not unpack.</summary>
/// <remarks>The gRPC library compares the packed length alone, and takes what does not unpack for a failure of the service. Refused as
/// grpc-go refuses them, while they are unpacked.</remarks>
internal sealed class LimitedCompression(ICompressionProvider inner, int maxReceiveBytes) : ICompressionProvider
{
    /// <inheritdoc/>
    public string EncodingName => inner.EncodingName;

    /// <inheritdoc/>
    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) => inner.CreateCompressionStream(stream, compressionLevel);

    /// <inheritdoc/>
    public Stream CreateDecompressionStream(Stream stream) => new Limited(inner.CreateDecompressionStream(stream), maxReceiveBytes);

    private sealed class Limited(Stream inner, int maxBytes) : Stream
    {
        private long _bytes;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _bytes;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            try
            {
                return Counted(inner.Read(buffer));
            }
            catch (InvalidDataException damaged)
            {
                throw Damaged(damaged);
            }
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return Counted(await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));
            }
            catch (InvalidDataException damaged)
            {
                throw Damaged(damaged);
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }
            base.Dispose(disposing);
        }

        private static RpcException Damaged(InvalidDataException damaged) =>
            new(new Status(StatusCode.Internal, $"grpc: failed to decompress the received message: {damaged.Message}", damaged));

        private int Counted(int read)
        {
            _bytes += read;
            return _bytes <= maxBytes ? read : throw new RpcException(new Status(
                StatusCode.ResourceExhausted,
                string.Create(CultureInfo.InvariantCulture, $"grpc: received message after decompression larger than max {maxBytes}")));
        }
    }
}

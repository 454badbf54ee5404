using System.Buffers.Binary;
using System.Net;

namespace Kv.Interop;

/// <summary>A gRPC call over HTTP/2 whose request stays open: messages go out and come in as bytes.</summary>
internal sealed class OpenCall : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly Requests _requests = new();
    private readonly Task<HttpResponseMessage> _response;

    /// <summary>Begins one.</summary>
    /// <param name="endpoint"><c>127.0.0.1:port</c>.</param>
    /// <param name="path"><c>/package.Service/Method</c>.</param>
    /// <param name="metadata">Headers besides gRPC's own.</param>
    public OpenCall(string endpoint, string path, params IEnumerable<(string Name, string Value)> metadata)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://{endpoint}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = _requests,
        };
        request.Headers.Add("te", "trailers");
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        foreach (var (name, value) in metadata)
        {
            request.Headers.Add(name, value);
        }
        _response = _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _patience.Token);
    }

    /// <summary>Sends a message.</summary>
    public async Task SendAsync(byte[] message)
    {
        var stream = await _requests.Started.WaitAsync(_patience.Token);
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        await stream.WriteAsync(frame, _patience.Token);
        await stream.FlushAsync(_patience.Token);
    }

    /// <summary>The next message, or null at the end.</summary>
    public async Task<byte[]?> NextAsync()
    {
        var body = await (await _response).Content.ReadAsStreamAsync(_patience.Token);
        var prefix = new byte[5];
        if (await body.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false, _patience.Token) < prefix.Length)
        {
            return null;
        }
        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
        await body.ReadExactlyAsync(payload, _patience.Token);
        return payload;
    }

    /// <summary>After the end: grpc-status and grpc-message.</summary>
    public async Task<string> StatusAsync()
    {
        var response = await _response;
        return $"{Find("grpc-status")} {Uri.UnescapeDataString(Find("grpc-message"))}".TrimEnd();
        string Find(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values) ? string.Join(',', values) : "";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _requests.End();
        _http.Dispose();
        _patience.Dispose();
    }

    private sealed class Requests : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Stream> Started => _started.Task;

        public void End() => _ended.TrySetResult();

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.FlushAsync(cancellationToken);
            _started.TrySetResult(stream);
            await _ended.Task.WaitAsync(cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

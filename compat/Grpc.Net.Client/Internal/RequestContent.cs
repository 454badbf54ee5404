using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Names that concern a request's body.</summary>
internal static class RequestContent
{
    /// <summary>Metadata that chooses the encoding of a call's requests.</summary>
    public const string EncodingHeader = "grpc-internal-encoding-request";
}

/// <summary>A request's body: one frame, or as many as are written until it is completed.</summary>
internal sealed class RequestContent<TRequest> : HttpContent
    where TRequest : class
{
    private readonly byte[]? _only;
    private readonly FrameWriter<TRequest>? _frames;
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RequestContent(byte[] frame)
    {
        _only = frame;
        Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
    }

    public RequestContent(FrameWriter<TRequest> frames, WriteOptions? options)
    {
        _frames = frames;
        Options = options;
        Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
    }

    public WriteOptions? Options { get; set; }

    /// <summary>No more frames will come.</summary>
    public void Complete()
    {
        _stream.TrySetCanceled();
        _completed.TrySetResult();
    }

    /// <summary>No more frames will come, and those that came are not all: the stream is reset.</summary>
    public void CutOff()
    {
        _stream.TrySetCanceled();
        _completed.TrySetCanceled();
    }

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        var stream = await _stream.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        await stream.WriteAsync(_frames!.Write(message, Options), cancellationToken).ConfigureAwait(false);
        if (Options is null || (Options.Flags & WriteFlags.BufferHint) == 0) await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_only is not null)
        {
            await stream.WriteAsync(_only, cancellationToken).ConfigureAwait(false);
            return;
        }

        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);      // the server sees the call before its first message
        _stream.TrySetResult(stream);
        await _completed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>A call's requests, for the caller to write.</summary>
internal sealed class RequestWriter<TRequest>(RequestContent<TRequest> content, Func<Status?> status, Action<Exception> fail, CancellationTokenSource cancel) : IClientStreamWriter<TRequest>
    where TRequest : class
{
    private Task _pending = Task.CompletedTask;
    private bool _completed;

    public WriteOptions? WriteOptions
    {
        get => content.Options;
        set => content.Options = value;
    }

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        lock (cancel)
        {
            if (_completed) return Refused("Request stream has already been completed.");
            if (!_pending.IsCompleted) return Refused("Can't write the message because the previous write is in progress.");
            return _pending = WriteCoreAsync(message, cancellationToken);
        }
    }

    public Task CompleteAsync()
    {
        lock (cancel)
        {
            if (_completed) return Refused("Request stream has already been completed.");
            if (!_pending.IsCompleted) return Refused("Can't complete the client stream writer because the previous write is in progress.");
            _completed = true;
        }

        content.Complete();
        return Task.CompletedTask;
    }

    private static Task Refused(string text) => Task.FromException(new InvalidOperationException(text));

    private async Task WriteCoreAsync(TRequest message, CancellationToken cancellationToken)
    {
        Ended();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel.Token, cancellationToken);
        try
        {
            await content.WriteAsync(message, both.Token).ConfigureAwait(false);
        }
        catch (Exception e)     // ends the call, whose status the writer gets to see
        {
            if (e is not OperationCanceledException || cancellationToken.IsCancellationRequested) fail(e);
            Ended();
            throw;
        }
    }

    private void Ended()
    {
        if (status() is not { } ended) return;
        throw ended.StatusCode == StatusCode.OK ? new InvalidOperationException("Can't write the message because the call is complete.") : new RpcException(ended);
    }
}

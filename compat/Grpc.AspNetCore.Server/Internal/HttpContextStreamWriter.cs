using System.IO.Pipelines;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// The responses of a streaming call. A write completes at once while the transport's buffer has room, and else when the
/// client has taken enough of it. With <see cref="WriteFlags.BufferHint"/> it stays in the buffer until the next write without.
/// </summary>
internal sealed class HttpContextStreamWriter<TResponse> : IServerStreamWriter<TResponse>
    where TResponse : class
{
    private readonly HttpContextServerCallContext _call;
    private readonly PipeWriter _body;
    private readonly Action<TResponse, SerializationContext> _serialize;
    private readonly CancellationToken _aborted;
    private Task _pending = Task.CompletedTask;
    private bool _completed;

    public HttpContextStreamWriter(HttpContextServerCallContext call, Action<TResponse, SerializationContext> serialize)
    {
        _call = call;
        _body = call.HttpContext.Response.BodyWriter;
        _serialize = serialize;
        _aborted = call.HttpContext.RequestAborted;
    }

    public WriteOptions? WriteOptions
    {
        get => _call.WriteOptions;
        set => _call.WriteOptions = value;
    }

    public Task WriteAsync(TResponse message) => Write(message, CancellationToken.None);

    Task IAsyncStreamWriter<TResponse>.WriteAsync(TResponse message, CancellationToken cancellationToken)
        => cancellationToken.CanBeCanceled ? WriteCancellable(message, cancellationToken) : Write(message, cancellationToken);

    /// <summary>The call has ended; writes fail from now on.</summary>
    public void Complete()
    {
        lock (_call) _completed = true;
    }

    private Task Write(TResponse message, CancellationToken cancellationToken)
    {
        try
        {
            ArgumentNullException.ThrowIfNull(message);
            lock (_call)
            {
                if (_completed || _call.IsEnded || _aborted.IsCancellationRequested) throw new InvalidOperationException("Can't write the message because the request is complete.");
                if (!_pending.IsCompleted) throw new InvalidOperationException("Can't write the message because the previous write is in progress.");

                var response = _call.HttpContext.Response;
                if (!response.HasStarted)
                {
                    var start = response.StartAsync(cancellationToken);      // Kestrel only marks the headers as due
                    if (!start.IsCompletedSuccessfully) return _pending = StartThenWriteAsync(start, message, cancellationToken);
                }

                MessageWriter.Write(_call, _body, message, _serialize);
                if (_call.WriteOptions is { } options && (options.Flags & WriteFlags.BufferHint) != 0) return Task.CompletedTask;
                var flush = _body.FlushAsync(cancellationToken);
                if (flush.IsCompletedSuccessfully) return After(flush.Result, cancellationToken);
                return _pending = FlushAsync(flush, cancellationToken);
            }
        }
        catch (Exception e)     // handed to whoever awaits the write
        {
            return Task.FromException(e);
        }
    }

    private async Task WriteCancellable(TResponse message, CancellationToken cancellationToken)
    {
        // Half a message may be on its way, so a cancelled write ends the call.
        using var registration = cancellationToken.UnsafeRegister(static call => ((HttpContextServerCallContext)call!).Reset(), _call);
        cancellationToken.ThrowIfCancellationRequested();
        await Write(message, cancellationToken).ConfigureAwait(false);
    }

    private async Task StartThenWriteAsync(Task start, TResponse message, CancellationToken cancellationToken)
    {
        await start.ConfigureAwait(false);
        ValueTask<FlushResult> flush;
        lock (_call)
        {
            if (_completed || _call.IsEnded) throw new InvalidOperationException("Can't write the message because the request is complete.");
            MessageWriter.Write(_call, _body, message, _serialize);
            flush = _body.FlushAsync(cancellationToken);
        }

        await FlushAsync(flush, cancellationToken).ConfigureAwait(false);
    }

    private async Task FlushAsync(ValueTask<FlushResult> flush, CancellationToken cancellationToken)
        => await After(await flush.ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>A flush does not say that the request was aborted meanwhile; the writer must hear of it all the same.</summary>
    private Task After(in FlushResult result, CancellationToken cancellationToken)
        => !result.IsCompleted && (_aborted.IsCancellationRequested || cancellationToken.IsCancellationRequested)
            ? Task.FromException(new OperationCanceledException("Request aborted while sending the message."))
            : Task.CompletedTask;
}

using System.IO.Pipelines;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The requests of a streaming call. A read that finds its message in the buffer completes at once.</summary>
internal sealed class HttpContextStreamReader<TRequest> : IAsyncStreamReader<TRequest>
    where TRequest : class
{
    private static readonly Task<bool> s_true = Task.FromResult(true);
    private static readonly Task<bool> s_false = Task.FromResult(false);

    private readonly HttpContextServerCallContext _call;
    private readonly PipeReader _body;
    private readonly Func<DeserializationContext, TRequest> _deserialize;
    private volatile bool _completed;

    public HttpContextStreamReader(HttpContextServerCallContext call, Func<DeserializationContext, TRequest> deserialize)
    {
        _call = call;
        _body = call.HttpContext.Request.BodyReader;
        _deserialize = deserialize;
    }

    public TRequest Current { get; private set; } = null!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<bool>(cancellationToken);
        if (_completed) return Task.FromException<bool>(new InvalidOperationException("Can't read messages after the request is complete."));
        Current = null!;        // a long wait must not keep the last message alive
        try
        {
            while (true)
            {
                var pending = _body.ReadAsync(cancellationToken);
                if (!pending.IsCompletedSuccessfully) return WaitAsync(pending, cancellationToken);
                if (MessageReader.TakeNext(_call, _body, pending.Result, _deserialize, out var message)) return Found(message) ? s_true : s_false;
            }
        }
        catch (Exception e)     // handed to whoever awaits the read
        {
            return Task.FromException<bool>(e);
        }
    }

    /// <summary>The call has ended; reads fail from now on.</summary>
    public void Complete() => _completed = true;

    private async Task<bool> WaitAsync(ValueTask<ReadResult> pending, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await pending.ConfigureAwait(false);
            if (MessageReader.TakeNext(_call, _body, read, _deserialize, out var message)) return Found(message);
            pending = _body.ReadAsync(cancellationToken);
        }
    }

    private bool Found(TRequest? message)
    {
        Current = message!;
        return message is not null;
    }
}

using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server.Internal;

/// <content>
/// How a call ends: by its handler or by its deadline, whichever takes <see cref="_end"/> first. The timer starts only when
/// the call has to wait for something, so a call that is answered at once never pays for one. The call is its own lock: it is
/// held while messages, headers or trailers are put into the response, so that the deadline cannot come between.
/// </content>
internal sealed partial class HttpContextServerCallContext
{
    /// <summary>Longest time a <see cref="Timer"/> takes; a later deadline is waited for in several turns.</summary>
    private const long MaxTimerMilliseconds = uint.MaxValue - 1;

    private static readonly TimerCallback s_onTimer = static state => ((HttpContextServerCallContext)state!).OnTimer();

    private TimeSpan _timeout;
    private DateTime _deadline = DateTime.MaxValue;
    private Timer? _timer;
    private CancellationTokenSource? _cancellation;
    private CancellationTokenRegistration _abortRegistration;
    private TaskCompletionSource? _deadlineDone;
    private End _end;

    private enum End : byte
    {
        None,
        Handler,
        Deadline,
    }

    /// <summary>Whether nothing more may be written.</summary>
    public bool IsEnded => _end != End.None;

    protected override DateTime DeadlineCore => _deadline;

    protected override CancellationToken CancellationTokenCore
    {
        get
        {
            if (_timeout == default) return HttpContext.RequestAborted;
            ArmDeadline();
            lock (this)
            {
                if (_cancellation is null)
                {
                    _cancellation = new CancellationTokenSource();
                    if (_end == End.Deadline) _cancellation.Cancel();
                    else if (_end == End.None) _abortRegistration = HttpContext.RequestAborted.UnsafeRegister(static cancellation => ((CancellationTokenSource)cancellation!).Cancel(), _cancellation);
                }

                return _cancellation.Token;
            }
        }
    }

    /// <summary>Starts the deadline's timer if there is a deadline. To be called before the call waits for anything.</summary>
    public void ArmDeadline()
    {
        if (_timeout == default || _timer is not null) return;
        lock (this)
        {
            if (_timer is not null || _end != End.None) return;
            var restore = !ExecutionContext.IsFlowSuppressed();
            if (restore) ExecutionContext.SuppressFlow();
            _timer = new Timer(s_onTimer, this, Timeout.Infinite, Timeout.Infinite);
            if (restore) ExecutionContext.RestoreFlow();
            _timer.Change(MillisecondsLeft(), Timeout.Infinite);
        }
    }

    /// <summary>Claims the end of the call for its handler.</summary>
    /// <returns>False if the deadline has it; then <see cref="DeadlineDone"/> must be awaited and nothing written.</returns>
    public bool TryEnd()
    {
        if (_timeout == default)
        {
            _end = End.Handler;
            return true;
        }

        lock (this)
        {
            if (_end == End.Deadline) return false;
            _end = End.Handler;
        }

        _timer?.Dispose();
        _abortRegistration.Dispose();
        return true;
    }

    /// <summary>Completes when everything that the deadline sets off has run.</summary>
    public Task DeadlineDone
    {
        get
        {
            _abortRegistration.Dispose();
            return _deadlineDone!.Task;
        }
    }

    /// <summary>Gives the call up: resets the stream, which also cancels the call's token.</summary>
    public void Reset()
    {
        if (HttpContext.Features.Get<IHttpResetFeature>() is { } feature) feature.Reset(GrpcProtocol.CancelCode(HttpContext.Request.Protocol));
        else HttpContext.Abort();
    }

    private void SetTimeout(string text)
    {
        if (!GrpcProtocol.TryReadTimeout(text, out _timeout))
        {
            _timeout = default;
            Log.InvalidTimeout(Logger, text);
            return;
        }

        var now = DateTime.UtcNow;
        _deadline = _timeout < DateTime.MaxValue - now ? now + _timeout : DateTime.MaxValue;
    }

    private long MillisecondsLeft()
        => (long)Math.Clamp(Math.Ceiling((_deadline - DateTime.UtcNow).TotalMilliseconds), 0, MaxTimerMilliseconds);

    private void OnTimer()
    {
        lock (this)
        {
            if (_end != End.None) return;
            var left = MillisecondsLeft();
            if (left > 0)
            {
                _timer!.Change(left, Timeout.Infinite);
                return;
            }

            _end = End.Deadline;
            _deadlineDone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _ = EndByDeadlineAsync(_deadlineDone);
    }

    /// <summary>Sends the status, cancels the method, then resets the stream: in this order the client sees the status and not the reset.</summary>
    private async Task EndByDeadlineAsync(TaskCompletionSource done)
    {
        try
        {
            Log.DeadlineExceeded(Logger, _timeout);
            _status = new Status(StatusCode.DeadlineExceeded, "Deadline Exceeded");
            GrpcProtocol.SetStatus(GrpcProtocol.TrailersOf(HttpContext.Response), _status);
            var completion = HttpContext.Features.Get<IHttpResponseBodyFeature>()?.CompleteAsync() ?? Task.CompletedTask;
            if (_cancellation is not null) await _cancellation.CancelAsync().ConfigureAwait(false);
            await completion.ConfigureAwait(false);
            Reset();
        }
        catch (Exception e)
        {
            Log.DeadlineEndFailed(Logger, e);
        }
        finally
        {
            if (_timer is not null) await _timer.DisposeAsync().ConfigureAwait(false);
            done.SetResult();
        }
    }
}

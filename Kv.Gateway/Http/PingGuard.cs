using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Kv.Gateway.Http;

/// <summary>
/// Stands between Kestrel and one HTTP/2 connection, and ends it as gRPC's servers do when the client pings too often: GOAWAY with
/// ENHANCE_YOUR_CALM and <c>too_many_pings</c> behind the answer to the last ping (<see cref="PingStrikes"/>).
/// </summary>
/// <remarks>
/// Kestrel answers pings by itself and tells nobody. So this looks at the heads of frames as they pass: at pings and at the
/// beginning of calls on the way in, at headers, data and the end of calls on the way out. Nothing is copied or held back.
/// The GOAWAY goes out between two of Kestrel's frames, where Kestrel flushes; from then on the client is not heard, and nothing
/// more is sent. Kestrel sees a connection that the client has closed, and so the calls on it end as such.
/// <para>
/// It also ends a connection that Kestrel has said good-bye to, when the process is to stop: Kestrel looks whether a call is left only when
/// something comes from the client, so one that ended after the GOAWAY would hold the connection for as long as the client does. Behind
/// the end of the last call the client is not heard any more either; here Kestrel's last words go out, which name the last call.
/// </para>
/// </remarks>
internal sealed class PingGuard : IDuplexPipe
{
    private const int PrefaceBytes = 24;
    private readonly Lock _gate = new();
    private readonly HashSet<int> _calls = [];
    private readonly PingStrikes _strikes;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly Inbound _input;
    private readonly Outbound _output;
    private int _lastCall;
    private bool _hasSent;                                     // by the writer, taken by the reader
    private volatile bool _tooMany;
    private volatile bool _ended;
    private volatile bool _saidGoodBye;
    private volatile bool _isOver;                             // said good-bye, and no call is left

    /// <param name="input">From the client, beginning with the preface.</param>
    /// <param name="output">To the client.</param>
    /// <param name="minTime">See <see cref="PingStrikes"/>.</param>
    /// <param name="clock">Its timestamps are the time.</param>
    public PingGuard(PipeReader input, PipeWriter output, TimeSpan minTime, TimeProvider clock)
    {
        (_strikes, _clock, _start) = (new PingStrikes(minTime), clock, clock.GetTimestamp());
        _input = new Inbound(this, input);
        _output = new Outbound(this, output, input);
    }

    /// <inheritdoc/>
    public PipeReader Input => _input;

    /// <inheritdoc/>
    public PipeWriter Output => _output;

    private static ReadOnlySpan<byte> GoAwayBefore => [0, 0, 22, 7, 0, 0, 0, 0, 0];

    private static ReadOnlySpan<byte> GoAwayBehind => "\0\0\0\u000btoo_many_pings"u8;

    private void Came(in FrameHead head)
    {
        switch (head.Type)
        {
            case FrameHead.Headers when head.Stream > _lastCall:
                _lastCall = head.Stream;
                lock (_gate)
                {
                    _calls.Add(head.Stream);
                }
                break;
            case FrameHead.Reset:
                Over(head.Stream);
                break;
            case FrameHead.Ping when !head.IsLast:
                bool hasCalls;
                lock (_gate)
                {
                    hasCalls = _calls.Count > 0;
                }
                _tooMany |= _strikes.IsTooMany(_clock.GetElapsedTime(_start), hasCalls, Interlocked.Exchange(ref _hasSent, false));
                break;
        }
    }

    private void Sent(in FrameHead head)
    {
        switch (head.Type)
        {
            case FrameHead.Headers or FrameHead.Data:
                Volatile.Write(ref _hasSent, true);
                if (head.IsLast)
                {
                    Over(head.Stream);
                }
                break;
            case FrameHead.Reset:
                Over(head.Stream);
                break;
            case FrameHead.GoAway:
                _saidGoodBye = true;
                break;
        }
    }

    private void Over(int call)
    {
        lock (_gate)
        {
            _calls.Remove(call);
        }
    }

    /// <summary>True once: when the good-bye has been said and the last call is over.</summary>
    private bool IsOverNow()
    {
        if (!_saidGoodBye || _isOver)
        {
            return false;
        }
        lock (_gate)
        {
            return _isOver = _calls.Count == 0;
        }
    }

    private sealed class Inbound(PingGuard guard, PipeReader inner) : PipeReader
    {
        private FrameWalk _walk = new(PrefaceBytes);
        private ReadOnlySequence<byte> _read;
        private long _seen;                                    // bytes at the head of the next read that were looked at before

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var read = inner.ReadAsync(cancellationToken);
            return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Look(read.Result)) : LookLaterAsync(read);
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
            {
                return false;
            }
            result = Look(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            if (guard._ended || guard._isOver)
            {
                inner.AdvanceTo(_read.End);
                return;
            }
            _seen = consumed.Equals(_read.End) ? 0 : _read.Slice(consumed).Length;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<ReadResult> LookLaterAsync(ValueTask<ReadResult> read) => Look(await read.ConfigureAwait(false));

        private ReadResult Look(in ReadResult read)
        {
            _read = read.Buffer;
            if (guard._ended || guard._isOver)
            {
                return new ReadResult(read.Buffer.Slice(read.Buffer.End), isCanceled: false, isCompleted: true);
            }
            foreach (var piece in _seen == 0 ? read.Buffer : read.Buffer.Slice(_seen))
            {
                var bytes = piece.Span;
                while (_walk.TryNext(ref bytes, out var head))
                {
                    guard.Came(head);
                }
            }
            return read;
        }
    }

    private sealed class Outbound(PingGuard guard, PipeWriter inner, PipeReader input) : PipeWriter
    {
        private FrameWalk _walk;
        private Memory<byte> _given;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _given = guard._ended ? new byte[Math.Max(sizeHint, 1)] : inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
            if (guard._ended)
            {
                return;                                        // Kestrel's last words: the client has had its GOAWAY
            }
            if (!_walk.TrySkip(bytes))
            {
                ReadOnlySpan<byte> written = _given.Span[..bytes];
                while (_walk.TryNext(ref written, out var head))
                {
                    guard.Sent(head);
                }
            }
            _given = _given[bytes..];
            inner.Advance(bytes);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            if (guard._ended)
            {
                return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
            }
            if (guard._tooMany && _walk.IsBetweenFrames)
            {
                return EndAsync(cancellationToken);
            }
            var flushing = inner.FlushAsync(cancellationToken);
            if (_walk.IsBetweenFrames && guard.IsOverNow())
            {
                input.CancelPendingRead();                     // whoever reads is told the end
            }
            return flushing;
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        private async ValueTask<FlushResult> EndAsync(CancellationToken cancel)
        {
            inner.Write(GoAwayBefore);
            Span<byte> last = stackalloc byte[sizeof(int)];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(last, Volatile.Read(ref guard._lastCall));
            inner.Write(last);
            inner.Write(GoAwayBehind);
            guard._ended = true;
            var flushing = inner.FlushAsync(cancel);
            input.CancelPendingRead();                         // whoever reads is told the end
            return await flushing.ConfigureAwait(false);
        }
    }
}

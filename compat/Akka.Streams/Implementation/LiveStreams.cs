using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using Akka.Pattern;

namespace Akka.Streams.Implementation;

/// <summary>The running streams of a materializer, linked through themselves.</summary>
internal sealed class LiveStreams(ILoggingAdapter log, MessageDispatcher dispatcher)
{
    private readonly Lock _gate = new();
    private Interpreter _first;
    private bool _closed;

    /// <summary>For what no stream can be told.</summary>
    public ILoggingAdapter Log { get; } = log;

    /// <summary>Where the streams run.</summary>
    public MessageDispatcher Dispatcher { get; } = dispatcher;

    public bool IsClosed
    {
        get
        {
            lock (_gate) return _closed;
        }
    }

    public void Add(Interpreter stream)
    {
        lock (_gate)
        {
            if (_closed) throw new IllegalStateException("Trying to materialize stream after materializer has been shutdown");
            stream.NextLive = _first;
            if (_first is not null) _first.PreviousLive = stream;
            _first = stream;
        }
    }

    public void Remove(Interpreter stream)
    {
        lock (_gate)
        {
            if (stream.PreviousLive is null && _first != stream) return;
            if (stream.PreviousLive is null) _first = stream.NextLive;
            else stream.PreviousLive.NextLive = stream.NextLive;
            if (stream.NextLive is not null) stream.NextLive.PreviousLive = stream.PreviousLive;
            stream.PreviousLive = stream.NextLive = null;
        }
    }

    /// <summary>Ends all streams; none can be added any more.</summary>
    public void Close(IActorRef supervisor)
    {
        var streams = new List<Interpreter>();
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
            for (var stream = _first; stream is not null; stream = stream.NextLive) streams.Add(stream);
        }

        if (streams.Count == 0) return;
        var cause = new AbruptTerminationException(supervisor);
        foreach (var stream in streams) stream.Abort(cause);
    }
}

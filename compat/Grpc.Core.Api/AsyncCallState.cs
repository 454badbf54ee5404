namespace Grpc.Core;

/// <summary>The parts that every kind of client call shares: headers, status, trailers and the way to end it.</summary>
internal readonly struct AsyncCallState
{
    private readonly object? _state;
    private readonly object _headers;
    private readonly object _status;
    private readonly object _trailers;
    private readonly object _dispose;

    public AsyncCallState(Func<object, Task<Metadata>> headers, Func<object, Status> status, Func<object, Metadata> trailers, Action<object> dispose, object state)
        => (_headers, _status, _trailers, _dispose, _state) = (headers, status, trailers, dispose, state);

    public AsyncCallState(Task<Metadata> headers, Func<Status> status, Func<Metadata> trailers, Action dispose)
        => (_headers, _status, _trailers, _dispose, _state) = (headers, status, trailers, dispose, null);

    public Task<Metadata> ResponseHeadersAsync() => _headers is Func<object, Task<Metadata>> f ? f(_state!) : (Task<Metadata>)_headers;

    public Status GetStatus() => _status is Func<object, Status> f ? f(_state!) : ((Func<Status>)_status)();

    public Metadata GetTrailers() => _trailers is Func<object, Metadata> f ? f(_state!) : ((Func<Metadata>)_trailers)();

    public void Dispose()
    {
        if (_dispose is Action<object> f) f(_state!);
        else ((Action)_dispose)();
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>
/// One call as one HTTP request. It ends once, with the first of: the server's status, a failure of the transport, its
/// deadline, its cancellation, its disposal. For a call with many responses it is also their reader.
/// </summary>
internal sealed class HttpCall<TRequest, TResponse> : IAsyncStreamReader<TResponse>, IDisposable
    where TRequest : class
    where TResponse : class
{
    private const string StartFailed = "Error starting gRPC call.";
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromMilliseconds(int.MaxValue);
    private static readonly TimeSpan s_longestTimeout = TimeSpan.FromSeconds(99999999);

    private readonly GrpcChannel _channel;
    private readonly Method<TRequest, TResponse> _method;
    private readonly CallOptions _options;
    private readonly RequestContent<TRequest> _content;
    private readonly bool _single;
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource<TResponse> _response = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Metadata> _headers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ResponseReader> _body = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _registration;
    private Timer? _deadline;
    private HttpResponseMessage? _http;
    private Metadata? _trailers;
    private Status? _status;
    private Status? _unsendable;
    private int _reading;
    private bool _answered;

    public HttpCall(GrpcChannel channel, Method<TRequest, TResponse> method, CallOptions options, TRequest? request, bool single)
    {
        _channel = channel;
        _method = method;
        _options = options;
        _single = single;
        var encoding = options.Headers?.GetValue(RequestContent.EncodingHeader);
        var frames = new FrameWriter<TRequest>(method.RequestMarshaller.ContextualSerializer, channel.MaxSendBytes, encoding is null ? null : channel.Compression.GetValueOrDefault(encoding));
        _content = request is null ? new RequestContent<TRequest>(frames, options.WriteOptions) : new RequestContent<TRequest>(Frame(frames, request));
        if (request is null) Requests = new RequestWriter<TRequest>(_content, () => _status, Fail, _cancel);
        Observe(_response.Task);
        Observe(_headers.Task);
        Observe(_body.Task);
    }

    public Task<TResponse> Response => _response.Task;

    public Task<Metadata> Headers => _headers.Task;

    /// <summary>Null for a call with one request.</summary>
    public IClientStreamWriter<TRequest>? Requests { get; }

    public TResponse Current { get; private set; } = null!;

    public void Start()
    {
        _channel.Began(this);
        var timeout = Timeout();
        if (_unsendable is { } refused) End(refused);
        if (timeout is { } t)
        {
            if (t <= TimeSpan.Zero) End(new Status(StatusCode.DeadlineExceeded, ""));
            else _deadline = new Timer(static call => ((HttpCall<TRequest, TResponse>)call!).OnTimer(), this, t < s_longestTimer ? t : s_longestTimer, System.Threading.Timeout.InfiniteTimeSpan);
        }

        _registration = _options.CancellationToken.UnsafeRegister(
            static (call, token) => ((HttpCall<TRequest, TResponse>)call!).End(Cancelled("Call canceled by the client.", new OperationCanceledException(token))), this);
        _ = RunAsync(timeout);
    }

    /// <summary>The only request's frame. One that may not be sent fails the call once it starts, not the caller's statement.</summary>
    private byte[] Frame(FrameWriter<TRequest> frames, TRequest request)
    {
        try
        {
            return frames.Write(request, _options.WriteOptions);
        }
        catch (RpcException e)
        {
            _unsendable = e.Status;
            return [];
        }
    }

    public Status GetStatus() => _status ?? throw new InvalidOperationException("Unable to get the status because the call is not complete.");

    public Metadata GetTrailers() => _status is not null && _trailers is { } trailers
        ? trailers
        : throw new InvalidOperationException("Can't get the call trailers because the call has not completed successfully.");

    public void Dispose() => End(Cancelled("gRPC call disposed.", null));

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _reading, 1) == 1) throw new InvalidOperationException("Can't read the next message because the previous read is in progress.");
        try
        {
            if (_status is { } ended) return ended.StatusCode == StatusCode.OK ? false : throw Exception(ended);
            using var registration = cancellationToken.UnsafeRegister(
                static (call, token) => ((HttpCall<TRequest, TResponse>)call!).End(Cancelled("Call canceled by the client.", new OperationCanceledException(token))), this);
            Current = null!;
            try
            {
                var body = await _body.Task.ConfigureAwait(false);
                if (await body.ReadAsync(_cancel.Token).ConfigureAwait(false) is { } payload)
                {
                    Current = _method.ResponseMarshaller.ContextualDeserializer(new ArrayDeserializationContext(payload));
                    return true;
                }

                End(StatusOfTrailers());
            }
            catch (Exception e) when (_status is not null || e is not RpcException)
            {
                End(StatusOf(e, "Error reading next message."));
            }
            catch (RpcException e)
            {
                End(e.Status);
            }

            return GetStatus().StatusCode == StatusCode.OK ? false : throw Exception(GetStatus());
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    private static void Observe(Task task) => task.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private static Status Cancelled(string text, Exception? cause) => new(StatusCode.Cancelled, text, cause);

    private async Task RunAsync(TimeSpan? timeout)
    {
        try
        {
            using var request = await CreateRequestAsync(timeout).ConfigureAwait(false);
            _cancel.Token.ThrowIfCancellationRequested();
            var http = _channel.Invoker is HttpClient client
                ? await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _cancel.Token).ConfigureAwait(false)
                : await _channel.Invoker.SendAsync(request, _cancel.Token).ConfigureAwait(false);
            _http = http;
            if (ResponseHead.Refusal(http) is { } refusal)
            {
                _answered = true;
                _trailers = ResponseHead.ToMetadata(http.Headers);
                _headers.TrySetResult(_trailers);
                if (_single && refusal.StatusCode == StatusCode.OK) refusal = new Status(StatusCode.Internal, "Failed to deserialize response message.");
                End(refusal);
                return;
            }

            _headers.TrySetResult(ResponseHead.ToMetadata(http.Headers));
            var stream = await http.Content.ReadAsStreamAsync(_cancel.Token).ConfigureAwait(false);
            var body = new ResponseReader(stream, ResponseHead.EncodingOf(http), _channel);
            if (!_single)
            {
                _body.TrySetResult(body);       // from here on MoveNext runs the call
                return;
            }

            var payload = await body.ReadAsync(_cancel.Token).ConfigureAwait(false);
            if (payload is not null && await body.ReadAsync(_cancel.Token).ConfigureAwait(false) is not null)
            {
                End(new Status(StatusCode.Internal, "Unexpected data after finished reading message."));
                return;
            }

            var status = StatusOfTrailers();
            if (payload is null && status.StatusCode == StatusCode.OK) status = new Status(StatusCode.Internal, "Failed to deserialize response message.");
            End(status, status.StatusCode == StatusCode.OK ? _method.ResponseMarshaller.ContextualDeserializer(new ArrayDeserializationContext(payload!)) : null);
        }
        catch (RpcException e)
        {
            End(e.Status);
        }
        catch (Exception e)     // of the transport or a marshaller; becomes the call's status
        {
            End(StatusOf(e, StartFailed));
        }
    }

    private async Task<HttpRequestMessage> CreateRequestAsync(TimeSpan? timeout)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_channel.Address, _method.FullName))
        {
            Version = _channel.Version,
            VersionPolicy = _channel.VersionPolicy,
            Content = _content,
        };
        request.Headers.TryAddWithoutValidation("user-agent", "grpc-dotnet/2.80.0");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("grpc-accept-encoding", _channel.AcceptEncoding);
        if (timeout is { } t) request.Headers.TryAddWithoutValidation("grpc-timeout", EncodeTimeout(t));
        AddTo(request.Headers, _options.Headers);

        if (_channel.SendsCallCredentials && (_options.Credentials is not null || _channel.CallCredentials.Count > 0))
        {
            var metadata = new Metadata();
            var context = new AuthInterceptorContext(new Uri(_channel.Address, _method.ServiceName).ToString(), _method.Name, _cancel.Token);
            if (_options.Credentials is { } own) await CredentialsReader.AddAsync(own, context, metadata).ConfigureAwait(false);
            foreach (var shared in _channel.CallCredentials) await CredentialsReader.AddAsync(shared, context, metadata).ConfigureAwait(false);
            AddTo(request.Headers, metadata);
        }

        return request;
    }

    private static void AddTo(HttpRequestHeaders headers, Metadata? metadata)
    {
        foreach (var entry in metadata ?? Metadata.Empty)
        {
            if (entry.Key == "grpc-timeout") continue;
            headers.TryAddWithoutValidation(entry.Key == RequestContent.EncodingHeader ? "grpc-encoding" : entry.Key, entry.WireValue);
        }
    }

    /// <summary>Milliseconds while they fit the eight digits the header has, then seconds. Rounds up, so that the server does not give up first.</summary>
    private static string EncodeTimeout(TimeSpan timeout)
    {
        var milliseconds = (long)Math.Max(1, Math.Ceiling(timeout.TotalMilliseconds));
        return milliseconds <= 99999999
            ? milliseconds.ToString(CultureInfo.InvariantCulture) + "m"
            : Math.Min(99999999, (milliseconds + 999) / 1000).ToString(CultureInfo.InvariantCulture) + "S";
    }

    private TimeSpan? Timeout()
    {
        if (_options.Deadline is not { } deadline || deadline == DateTime.MaxValue) return null;
        var timeout = deadline - DateTime.UtcNow;
        return timeout < s_longestTimeout ? timeout : s_longestTimeout;
    }

    private void OnTimer()
    {
        var left = _options.Deadline!.Value - DateTime.UtcNow;
        if (left <= TimeSpan.Zero)
        {
            End(new Status(StatusCode.DeadlineExceeded, ""));
            return;
        }

        lock (_cancel)
        {
            if (_status is null) _deadline?.Change(left < s_longestTimer ? left + TimeSpan.FromMilliseconds(1) : s_longestTimer, System.Threading.Timeout.InfiniteTimeSpan);
        }
    }

    private Status StatusOfTrailers()
    {
        _answered = true;
        _trailers = ResponseHead.ToMetadata(_http!.TrailingHeaders);
        return ResponseHead.StatusIn(_http.TrailingHeaders) ?? new Status(StatusCode.Cancelled, "No grpc-status found on response.");
    }

    private Status StatusOf(Exception exception, string summary)
    {
        if (exception is OperationCanceledException) return Cancelled("", exception);
        var status = ResponseHead.Describe(exception, summary);
        // The server resets the stream when the deadline passes, which may be seen before our own timer fires.
        return status.StatusCode == StatusCode.Cancelled && _options.Deadline is { } deadline && deadline <= DateTime.UtcNow
            ? new Status(StatusCode.DeadlineExceeded, status.Detail, status.DebugException)
            : status;
    }

    private void Fail(Exception exception) => End(exception is RpcException rpc ? rpc.Status : StatusOf(exception, "Error writing message."));

    private Exception Exception(Status status)
    {
        if (_channel.ThrowsOperationCanceled && status.StatusCode is StatusCode.Cancelled or StatusCode.DeadlineExceeded)
        {
            return new OperationCanceledException(status.Detail, status.DebugException, _options.CancellationToken);
        }

        return new RpcException(status, _trailers ?? Metadata.Empty);
    }

    /// <summary>Ends the call if it has not ended: settles every task, and cancels the request if it is under way.</summary>
    private void End(Status status, TResponse? response = null)
    {
        lock (_cancel)
        {
            if (_status is not null) return;
            _status = status;
        }

        var exception = Exception(status);
        if (response is null) _response.TrySetException(exception);
        else _response.TrySetResult(response);
        _headers.TrySetException(exception);
        _body.TrySetException(exception);
        _cancel.Cancel();
        // Once the response's head is here, HttpClient no longer listens to that token: the request stream has to be cut off by
        // itself, or it would look completed to the server.
        if (_answered) _content.Complete();
        else _content.CutOff();
        _http?.Dispose();
        _deadline?.Dispose();
        _registration.Unregister();
        _channel.Ended(this);
    }
}

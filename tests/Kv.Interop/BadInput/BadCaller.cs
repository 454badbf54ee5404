using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Interop.BadInput;

/// <summary>Sends cases to one server and puts each answer into one line.</summary>
/// <remarks><code>
///  3 etcdserver: key is not provided                     grpc-status and grpc-message
///  0 {"header":{"revision":"2"}}                         messages as JSON, without who answered
///  {"created":true,…} | {"watchId":"-1",…} | …           a stream that was left open after the messages that were waited for
///  http 404                                              no gRPC answer; over HTTP/1 as well
///  closed                                                the connection was closed without a word
///  reset                                                 the stream or the connection was reset
///  nothing                                               no answer in time
/// </code></remarks>
internal sealed class BadCaller(string endpoint) : IDisposable
{
    private static readonly Dictionary<string, MessageParser> _responses = new()
    {
        ["/etcdserverpb.KV/Range"] = RangeResponse.Parser,
        ["/etcdserverpb.KV/RangeStream"] = RangeStreamResponse.Parser,
        ["/etcdserverpb.KV/Put"] = PutResponse.Parser,
        ["/etcdserverpb.KV/DeleteRange"] = DeleteRangeResponse.Parser,
        ["/etcdserverpb.KV/Txn"] = TxnResponse.Parser,
        ["/etcdserverpb.KV/Compact"] = CompactionResponse.Parser,
        ["/etcdserverpb.Watch/Watch"] = WatchResponse.Parser,
        ["/etcdserverpb.Lease/LeaseGrant"] = LeaseGrantResponse.Parser,
        ["/etcdserverpb.Lease/LeaseRevoke"] = LeaseRevokeResponse.Parser,
        ["/etcdserverpb.Lease/LeaseKeepAlive"] = LeaseKeepAliveResponse.Parser,
        ["/etcdserverpb.Lease/LeaseTimeToLive"] = LeaseTimeToLiveResponse.Parser,
        ["/etcdserverpb.Lease/LeaseLeases"] = LeaseLeasesResponse.Parser,
        ["/etcdserverpb.Maintenance/Alarm"] = AlarmResponse.Parser,
        ["/etcdserverpb.Maintenance/HashKV"] = HashKVResponse.Parser,
        ["/etcdserverpb.Maintenance/Snapshot"] = SnapshotResponse.Parser,
        ["/etcdserverpb.Maintenance/MoveLeader"] = MoveLeaderResponse.Parser,
        ["/etcdserverpb.Cluster/MemberAdd"] = MemberAddResponse.Parser,
        ["/etcdserverpb.Cluster/MemberRemove"] = MemberRemoveResponse.Parser,
        ["/etcdserverpb.Cluster/MemberUpdate"] = MemberUpdateResponse.Parser,
        ["/etcdserverpb.Cluster/MemberPromote"] = MemberPromoteResponse.Parser,
    };

    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://{endpoint}"), Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Sends it and describes the answer, which is waited for as long as <paramref name="patience"/>.</summary>
    public async Task<string> AskAsync(Sent sent, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            return sent switch
            {
                Sent.Call call => await CallAsync(call, limit.Token),
                Sent.Raw raw => await RawAsync(raw.Bytes, limit.Token),
                _ => throw new ArgumentOutOfRangeException(nameof(sent), sent, "a way of sending that is not known"),
            };
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return "nothing";
        }
        catch (Exception reset) when (reset is HttpRequestException or IOException or SocketException)
        {
            return "reset";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<string> CallAsync(Sent.Call call, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(new HttpMethod(call.Verb), call.Path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(call.Body),
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Content.Headers.TryAddWithoutValidation("content-type", call.ContentType);
        if (call.Encoding is { } encoding)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return $"http {(int)response.StatusCode}";
        }
        var messages = new List<string>();
        var body = await response.Content.ReadAsStreamAsync(cancel);
        while (await MessageAsync(body, call.Path, cancel) is { } message)
        {
            messages.Add(message);
            if (messages.Count == call.Take)
            {
                return string.Join(" | ", messages);
            }
        }
        var status = Header(response, "grpc-status") ?? "none";
        var text = Uri.UnescapeDataString(Header(response, "grpc-message") ?? "");
        return string.Join(' ', (string[])[status, .. text.Length > 0 ? [text] : Array.Empty<string>(), .. messages]);
    }

    private static async Task<string?> MessageAsync(Stream body, string path, CancellationToken cancel)
    {
        var prefix = new byte[5];
        if (await body.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false, cancel) < prefix.Length)
        {
            return null;
        }
        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
        await body.ReadExactlyAsync(payload, cancel);
        if (!_responses.TryGetValue(path, out var parser))
        {
            return Convert.ToHexString(payload);
        }
        var message = parser.ParseFrom(payload);
        if (message.Descriptor.FindFieldByName("header")?.Accessor.GetValue(message) is ResponseHeader header)
        {
            (header.ClusterId, header.MemberId, header.RaftTerm) = (0, 0, 0);
        }
        return JsonFormatter.Default.Format(message);
    }

    private async Task<string> RawAsync(string bytes, CancellationToken cancel)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(endpoint), cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes), cancel);
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, cancel);
        }
        catch (IOException)
        {
            // Closed with bytes unread: what came before counts.
        }
        var line = Encoding.Latin1.GetString(answer.ToArray()).Split('\r', '\n')[0];
        return line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? $"http {line.Split(' ')[1]}" : answer.Length == 0 ? "closed" : "closed with HTTP/2 frames";
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values) ? string.Join(',', values) : null;
}

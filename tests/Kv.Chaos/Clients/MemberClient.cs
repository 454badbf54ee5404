using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Chaos.Servers;
using Kv.Gateway.Protos.Etcdserverpb;
using Kv.Testing.History;

namespace Kv.Chaos.Clients;

/// <summary>One client's connection to one member. Sends each request once and says honestly what is known of its fate.</summary>
internal sealed class MemberClient : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly string _client;

    /// <summary>Connects when first used.</summary>
    public MemberClient(string client, MemberProcess member)
    {
        (_client, Member) = (client, member);
        _channel = GrpcChannel.ForAddress(member.ClientUrl, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true, ConnectTimeout = TimeSpan.FromSeconds(1) },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = 64 * 1024 * 1024,
        });
        (Kv, Watch, Lease, Maintenance) = (new KV.KVClient(_channel), new Watch.WatchClient(_channel), new Lease.LeaseClient(_channel), new Maintenance.MaintenanceClient(_channel));
    }

    /// <summary>Whom it talks to.</summary>
    public MemberProcess Member { get; }

    /// <summary>This connection, to this start of the member.</summary>
    public string Connection => $"{_client}@{Member.Name}#{Member.Incarnation}";

    public KV.KVClient Kv { get; }

    public Watch.WatchClient Watch { get; }

    public Lease.LeaseClient Lease { get; }

    public Maintenance.MaintenanceClient Maintenance { get; }

    /// <summary>Sends a request and records what came of it.</summary>
    public async Task<Operation> DoAsync(HistoryRecorder history, KvRequest request, TimeSpan patience)
    {
        var options = new CallOptions(deadline: DateTime.UtcNow + patience);
        var pending = history.Begin(_client, request, Connection);
        try
        {
            KvAnswer answer = request switch
            {
                KvRequest.Range range => KvWire.From(await Kv.RangeAsync(KvWire.ToMessage(range), options)),
                KvRequest.Put put => KvWire.From(await Kv.PutAsync(KvWire.ToMessage(put), options)),
                KvRequest.Delete delete => KvWire.From(await Kv.DeleteRangeAsync(KvWire.ToMessage(delete), options)),
                KvRequest.Txn txn => KvWire.From(await Kv.TxnAsync(KvWire.ToMessage(txn), options)),
                KvRequest.Revoke revoke => await RevokeAsync(revoke, options),
                _ => throw new ArgumentOutOfRangeException(nameof(request)),
            };
            return pending.Answered(answer);
        }
        catch (RpcException error)
        {
            return CertainlyFailed(error) ? pending.Failed(Text(error)) : pending.Unknown(Text(error));
        }
    }

    /// <summary>Whether an error proves that the request had no effect and never will: the store refused it, or it was not sent at all.</summary>
    /// <remarks>
    /// Unavailable, cancelled, timed out and unknown errors prove nothing: the proposal may be under way. The store's own refusals are final,
    /// because they are made when the request is applied or before it is proposed.
    /// </remarks>
    public static bool CertainlyFailed(RpcException error) => error.StatusCode switch
    {
        StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.OutOfRange or StatusCode.FailedPrecondition
            or StatusCode.PermissionDenied or StatusCode.ResourceExhausted => error.Status.Detail.StartsWith("etcdserver: ", StringComparison.Ordinal),
        StatusCode.Unavailable => error.Status.Detail == "etcdserver: no leader" || WasNeverSent(error),
        StatusCode.Unknown => error.Status.Detail == "etcdserver: too many requests",
        _ => false,
    };

    /// <summary>For people: code and text.</summary>
    public static string Text(RpcException error) => $"{error.StatusCode} {error.Status.Detail}";

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();

    private static bool WasNeverSent(RpcException error)
    {
        for (var e = error.InnerException ?? error.Status.DebugException; e is not null; e = e.InnerException)
        {
            if (e is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                return true;
            }
        }
        return false;
    }

    private async Task<KvAnswer> RevokeAsync(KvRequest.Revoke revoke, CallOptions options)
    {
        await Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = revoke.Lease }, options);
        return new KvAnswer.Revoke();
    }
}

using Grpc.Core;
using Kv.Actors.Model;
using Kv.Gateway.Calls;
using Kv.Gateway.Protos.GrpcHealthV1;
using ServingStatus = Kv.Gateway.Protos.GrpcHealthV1.HealthCheckResponse.Types.ServingStatus;

namespace Kv.Gateway.Services;

/// <summary>
/// <c>grpc.health.v1.Health</c>. The server as a whole has the name <c>""</c>; it starts as SERVING, as etcd's does. Safe for
/// use from several threads. A watcher that is slow sees the latest status and not every one in between.
/// </summary>
[BindServiceMethod(typeof(HealthService), nameof(Bind))]
public sealed class HealthService : Health.HealthBase
{
    /// <summary>Called by the server, with null to learn the methods; a request that cannot be read gets etcd's words.</summary>
    public static void Bind(ServiceBinderBase binder, Health.HealthBase? service) => Health.BindService(new EtcdBinder(binder), service!);

    /// <summary>The longest list that <see cref="List"/> gives out.</summary>
    private const int MaxListed = 100;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ServingStatus> _statuses = new(StringComparer.Ordinal) { [""] = ServingStatus.Serving };
    private TaskCompletionSource _changed = NewChange();
    private bool _shutDown;

    /// <summary>Sets the status of <paramref name="service"/>, <c>""</c> for the server as a whole. Ignored after <see cref="Shutdown"/>.</summary>
    public void Set(string service, bool serving)
    {
        lock (_gate)
        {
            if (_shutDown) return;
            _statuses[service] = serving ? ServingStatus.Serving : ServingStatus.NotServing;
            Announce();
        }
    }

    /// <summary>Sets everything to NOT_SERVING for good, so that clients go elsewhere before the server closes.</summary>
    public void Shutdown()
    {
        lock (_gate)
        {
            _shutDown = true;
            foreach (var service in _statuses.Keys.ToList()) _statuses[service] = ServingStatus.NotServing;
            Announce();
        }
    }

    /// <inheritdoc/>
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        lock (_gate)
        {
            return _statuses.TryGetValue(request.Service, out var status)
                ? Task.FromResult(new HealthCheckResponse { Status = status })
                : Task.FromException<HealthCheckResponse>(new RpcException(new Status(StatusCode.NotFound, "unknown service")));
        }
    }

    /// <inheritdoc/>
    public override Task<HealthListResponse> List(HealthListRequest request, ServerCallContext context)
    {
        var response = new HealthListResponse();
        lock (_gate)
        {
            if (_statuses.Count > MaxListed)
            {
                return Task.FromException<HealthListResponse>(new RpcException(new Status(StatusCode.ResourceExhausted, $"server health list exceeds maximum capacity: {MaxListed}")));
            }

            foreach (var (service, status) in _statuses) response.Statuses[service] = new HealthCheckResponse { Status = status };
        }

        return Task.FromResult(response);
    }

    /// <summary>
    /// Sends the status now and whenever it changes, until <see cref="Shutdown"/> or the client ends it. A service that is not known is no
    /// error here: it may become known.
    /// </summary>
    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        ServingStatus? last = null;
        while (true)
        {
            ServingStatus status;
            Task changed;
            bool isLast;
            lock (_gate)
            {
                isLast = _shutDown;
                status = _statuses.GetValueOrDefault(request.Service, ServingStatus.ServiceUnknown);
                changed = _changed.Task;
            }

            try
            {
                if (status != last)
                {
                    await responseStream.WriteAsync(new HealthCheckResponse { Status = status }).ConfigureAwait(false);
                    last = status;
                }

                if (isLast)
                {
                    throw ErrorMap.Exception(KvError.Stopped);
                }

                await changed.WaitAsync(context.CancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                throw new RpcException(new Status(StatusCode.Cancelled, "Stream has ended."));
            }
        }
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Announce()
    {
        var announced = _changed;
        _changed = NewChange();
        announced.SetResult();
    }
}

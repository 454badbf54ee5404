using System.Diagnostics;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Gateway.Calls;
using Kv.Gateway.Logging;

namespace Kv.Gateway.Services;

/// <summary>etcdserverpb.Maintenance: status, hashes, snapshot, alarms; nothing here stops reads or writes.</summary>
[BindServiceMethod(typeof(MaintenanceService), nameof(Bind))]
public sealed class MaintenanceService(KvNode node, ILogger<MaintenanceService> log) : Protos.Etcdserverpb.Maintenance.MaintenanceBase
{
    /// <summary>Called by the server, with null to learn the methods; a request that cannot be read gets etcd's words.</summary>
    public static void Bind(ServiceBinderBase binder, Protos.Etcdserverpb.Maintenance.MaintenanceBase? service) =>
        Protos.Etcdserverpb.Maintenance.BindService(new EtcdBinder(binder), service!);

    private const int SnapshotChunkBytes = 32 * 1024;

    /// <inheritdoc/>
    public override Task<StatusResponse> Status(StatusRequest request, ServerCallContext context)
    {
        var root = node.Roots.Current;
        var raft = node.Status.Raft;
        var response = new StatusResponse
        {
            Header = node.Status.Header(root.Kv.CurrentRevision),
            Version = KvNode.ServerVersion,
            DbSize = root.Kv.Stats.SizeBytes,
            DbSizeInUse = root.Kv.Stats.SizeInUseBytes,
            Leader = raft.Leader,
            RaftIndex = node.Status.CommitIndex,
            RaftAppliedIndex = node.Status.AppliedIndex,
            RaftTerm = raft.Term,
            IsLearner = raft.IsLearner,
            StorageVersion = KvNode.ApiVersion,
            DbSizeQuota = node.Settings.QuotaBytes,
            DowngradeInfo = new DowngradeInfo(),
        };
        if (!raft.HasLeader)
        {
            response.Errors.Add(ErrorMap.Text(KvError.NoLeader));
        }
        foreach (var alarm in root.Alarms.All)
        {
            response.Errors.Add(alarm.MemberID == 0
                ? $"alarm:{AlarmName(alarm.Alarm)}"
                : $"memberID:{alarm.MemberID} alarm:{AlarmName(alarm.Alarm)}");
        }
        return Task.FromResult(response);
    }

    /// <inheritdoc/>
    public override Task<HashResponse> Hash(HashRequest request, ServerCallContext context)
    {
        var root = node.Roots.Current;
        return Task.Run(() =>
        {
            var started = Stopwatch.GetTimestamp();
            var hash = WholeHash.Of(root);
            node.Metrics.HashDuration.RecordSince(started);
            return new HashResponse { Header = node.Status.Header(root.Kv.CurrentRevision), Hash = hash };
        });
    }

    /// <inheritdoc/>
    public override Task<HashKVResponse> HashKV(HashKVRequest request, ServerCallContext context)
    {
        var root = node.Roots.Current;
        return Task.Run(() =>
        {
            var started = Stopwatch.GetTimestamp();
            if (!node.Roots.CompactHashes.TryGet(request.Revision, out var hash)
                && StateHash.HashKv(root.Kv, request.Revision, out hash) is var error and not KvError.None)
            {
                throw ErrorMap.Exception(error);
            }
            node.Metrics.HashRevisionDuration.RecordSince(started);
            return new HashKVResponse
            {
                Header = node.Status.Header(root.Kv.CurrentRevision),
                Hash = hash.Hash,
                CompactRevision = hash.CompactRevision,
                HashRevision = hash.HashRevision,
            };
        });
    }

    /// <inheritdoc/>
    public override async Task Snapshot(SnapshotRequest request, IServerStreamWriter<SnapshotResponse> responseStream, ServerCallContext context)
    {
        var started = Stopwatch.GetTimestamp();
        await using var image = await node.OpenSnapshotAsync(context.CancellationToken).ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var left = image.Length;
        while (left > 0)
        {
            var chunk = new byte[Math.Min(SnapshotChunkBytes, left)];
            await image.ReadExactlyAsync(chunk, context.CancellationToken).ConfigureAwait(false);
            left -= chunk.Length;
            hash.AppendData(chunk);
            await responseStream.WriteAsync(new SnapshotResponse
            {
                RemainingBytes = (ulong)left,
                Blob = UnsafeByteOperations.UnsafeWrap(chunk),
                Version = KvNode.ApiVersion,
            }).ConfigureAwait(false);
        }
        await responseStream.WriteAsync(new SnapshotResponse
        {
            Blob = UnsafeByteOperations.UnsafeWrap(hash.GetHashAndReset()),
            Version = KvNode.ApiVersion,
        }).ConfigureAwait(false);
        node.Metrics.SnapshotDuration.RecordSince(started);
    }

    /// <inheritdoc/>
    public override async Task<DefragmentResponse> Defragment(DefragmentRequest request, ServerCallContext context)
    {
        var started = Stopwatch.GetTimestamp();
        node.Metrics.DefragmentInflight.Add(1);
        try
        {
            await node.CheckpointAsync(context.CancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw ErrorMap.Exception(KvError.Stopped);
        }
        catch (IOException failed)
        {
            throw new RpcException(new Status(StatusCode.Unknown, failed.Message));
        }
        finally
        {
            node.Metrics.DefragmentInflight.Add(-1);
        }
        node.Metrics.DefragmentDuration.RecordSince(started);
        return new DefragmentResponse();
    }

    /// <inheritdoc/>
    public override async Task<AlarmResponse> Alarm(AlarmRequest request, ServerCallContext context)
    {
        // An undefined action or alarm has no effect in etcd but an empty answer; it must not enter the log.
        if (!Enum.IsDefined(request.Action) || (!Enum.IsDefined(request.Alarm) && request.Action != AlarmRequest.Types.AlarmAction.Get))
        {
            return new AlarmResponse { Header = node.Status.Header(node.Roots.Current.Kv.CurrentRevision) };
        }
        return await node.ProposeAsync<AlarmResponse>(new InternalRaftRequest { Alarm = request }).OrThrow().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task<MoveLeaderResponse> MoveLeader(MoveLeaderRequest request, ServerCallContext context)
    {
        if (!node.Status.Raft.IsLeader)
        {
            throw ErrorMap.Exception(KvError.NotLeader);
        }
        var target = new NodeId(request.TargetID);
        if (node.Roots.Current.Members.Find(target) is not { IsLearner: false })
        {
            throw ErrorMap.Exception(KvError.BadLeaderTransferee);
        }
        log.TransferStarting(node.Status.Self, target);
        var started = Stopwatch.GetTimestamp();
        var error = await node.TransferLeaderAsync(target, context.CancellationToken).ConfigureAwait(false);
        if (error != KvError.None)
        {
            log.TransferFailed(node.Status.Self, target, ErrorMap.Text(error));
            throw ErrorMap.Exception(error);
        }
        log.TransferFinished(node.Status.Self, target, Stopwatch.GetElapsedTime(started));
        return new MoveLeaderResponse();
    }

    /// <inheritdoc/>
    public override Task<DowngradeResponse> Downgrade(DowngradeRequest request, ServerCallContext context) =>
        throw NotYet.Exception(nameof(Downgrade));

    private static string AlarmName(AlarmType alarm) => alarm switch
    {
        AlarmType.Nospace => "NOSPACE",
        AlarmType.Corrupt => "CORRUPT",
        _ => "NONE",
    };
}

using System.Diagnostics;
using Grpc.Core;
using Kv.Actors.Apply;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Gateway.Calls;

namespace Kv.Gateway.Services;

/// <summary>etcdserverpb.KV: check, hand over, encode.</summary>
public sealed class KvService(KvNode node) : KvBinding.KvBase
{
    private readonly Histogram _succeeded = node.Metrics.RangeDuration.With("true");
    private readonly Histogram _failed = node.Metrics.RangeDuration.With("false");

    /// <inheritdoc/>
    public override Task<RangeReply> Range(RangeRequest request, ServerCallContext context)
    {
        var error = TxnRules.CheckRange(request);
        if (error != KvError.None)
        {
            return Answers.Failed<RangeReply>(error);
        }
        if (request.Serializable)
        {
            return Read(node.Roots.Current, request);
        }
        if (node.Status.Raft.IsLearner)
        {
            return Answers.Failed<RangeReply>(KvError.NotSupportedForLearner);
        }
        var gate = node.Reads.LinearizableAsync(context.CancellationToken);
        if (!gate.IsCompletedSuccessfully)
        {
            return ReadLater(gate, request);
        }
        var root = gate.Result;
        return root.Ok ? Read(root.Value, request) : Answers.Failed<RangeReply>(root.Error);
    }

    /// <inheritdoc/>
    public override async Task RangeStream(RangeRequest request, IServerStreamWriter<RangeStreamResponse> responseStream, ServerCallContext context)
    {
        Check(TxnRules.CheckRangeStream(request));
        var root = request.Serializable
            ? node.Roots.Current
            : (await node.Reads.LinearizableAsync(context.CancellationToken).ConfigureAwait(false)).OrThrow();
        var query = KvProto.QueryOf(request);
        if (request.CountOnly)
        {
            await responseStream.WriteAsync(Last(root, RangeOf(root, request).OrThrow(), request, null)).ConfigureAwait(false);
            return;
        }
        node.Metrics.Ranges.Add();
        var pager = RangePager.Begin(root.Kv, query, node.Settings.MaxRequestBytes).OrThrow();
        while (true)
        {
            var chunk = pager.Next();
            if (pager.IsDone)
            {
                await responseStream.WriteAsync(Last(root, chunk, request, pager)).ConfigureAwait(false);
                return;
            }
            var part = KvProto.ToResponse(chunk, request.KeysOnly);
            (part.Header, part.More, part.Count) = (null, false, 0);
            await responseStream.WriteAsync(new RangeStreamResponse { RangeResponse = part }).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override Task<PutResponse> Put(PutRequest request, ServerCallContext context)
    {
        var error = TxnRules.CheckPut(request);
        return error == KvError.None
            ? node.ProposeAsync<PutResponse>(new InternalRaftRequest { Put = request }).OrThrow()
            : Answers.Failed<PutResponse>(error);
    }

    /// <inheritdoc/>
    public override Task<DeleteRangeResponse> DeleteRange(DeleteRangeRequest request, ServerCallContext context)
    {
        var error = TxnRules.CheckDelete(request);
        return error == KvError.None
            ? node.ProposeAsync<DeleteRangeResponse>(new InternalRaftRequest { DeleteRange = request }).OrThrow()
            : Answers.Failed<DeleteRangeResponse>(error);
    }

    /// <inheritdoc/>
    public override Task<TxnResponse> Txn(TxnRequest request, ServerCallContext context)
    {
        var error = TxnRules.CheckTxn(request, node.Settings.MaxTxnOps);
        if (error != KvError.None)
        {
            return Answers.Failed<TxnResponse>(error);
        }
        return TxnRules.IsReadOnly(request)
            ? ReadOnly(request, context.CancellationToken)
            : node.ProposeAsync<TxnResponse>(new InternalRaftRequest { Txn = request }).OrThrow();
    }

    /// <inheritdoc/>
    public override Task<CompactionResponse> Compact(CompactionRequest request, ServerCallContext context) =>
        node.ProposeAsync<CompactionResponse>(new InternalRaftRequest { Compaction = request }).OrThrow();

    private async Task<TxnResponse> ReadOnly(TxnRequest request, CancellationToken cancel)
    {
        var root = TxnRules.IsSerializable(request)
            ? node.Roots.Current
            : (await node.Reads.LinearizableAsync(cancel)).OrThrow();
        var response = KvApplier.ReadTxn(root.Kv, request).OrThrow();
        ApplyCounts.AddRead(node.Metrics, request, response);
        node.Status.Stamp(response.Header);
        return response;
    }

    private async Task<RangeReply> ReadLater(ValueTask<Outcome<StoreRoot>> gate, RangeRequest request)
    {
        var root = (await gate.ConfigureAwait(false)).OrThrow();
        return Reply(request, RangeOf(root, request).OrThrow());
    }

    private Task<RangeReply> Read(StoreRoot root, RangeRequest request)
    {
        var result = RangeOf(root, request);
        return result.Ok
            ? Task.FromResult(Reply(request, result.Value))
            : Answers.Failed<RangeReply>(result.Error);
    }

    private Outcome<RangeResult> RangeOf(StoreRoot root, RangeRequest request)
    {
        var started = Stopwatch.GetTimestamp();
        var result = root.Kv.Range(KvProto.QueryOf(request));
        (result.Ok ? _succeeded : _failed).RecordSince(started);
        node.Metrics.Ranges.Add();
        return result;
    }

    private RangeReply Reply(RangeRequest request, RangeResult result) => new(result, request.KeysOnly)
    {
        ClusterId = node.Status.Cluster.Value,
        MemberId = node.Status.Self.Value,
        RaftTerm = node.Status.Raft.Term,
    };

    private RangeStreamResponse Last(StoreRoot root, RangeResult chunk, RangeRequest request, RangePager? pager)
    {
        var last = KvProto.ToResponse(chunk, request.KeysOnly);
        last.Header = node.Status.Header(root.Kv.CurrentRevision);
        if (pager is not null)
        {
            (last.Count, last.More) = (pager.Count, pager.More);
        }
        return new RangeStreamResponse { RangeResponse = last };
    }

    private static void Check(KvError error)
    {
        if (error != KvError.None)
        {
            throw ErrorMap.Exception(error);
        }
    }
}

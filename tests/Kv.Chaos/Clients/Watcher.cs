using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Chaos.Servers;
using Kv.Testing.History;

namespace Kv.Chaos.Clients;

/// <summary>Follows a range of keys from one member to the next: when a stream breaks, when it is told too little, and now and then for no reason.</summary>
/// <param name="context">The run.</param>
/// <param name="log">What it saw.</param>
/// <param name="seed">Decides when it moves.</param>
/// <param name="lagging">It stays away for a while between two watches, so that it comes back to what may be compacted.</param>
internal sealed class Watcher(ClientContext context, WatchLog log, int seed, bool lagging = false)
{
    private readonly Random _random = new(seed);
    private long _next = log.Next;

    /// <summary>What it saw.</summary>
    public WatchLog Log => log;

    /// <summary>The first revision that it has not seen yet.</summary>
    public long Next => Interlocked.Read(ref _next);

    /// <summary>Watches until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var members = context.Connect(log.Name);
        try
        {
            for (var at = _random.Next(members.Length); !cancellation.IsCancellationRequested; at = (at + 1) % members.Length)
            {
                using var shift = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                shift.CancelAfter(TimeSpan.FromSeconds(_random.Next(3, 12)));
                await WatchAsync(members[at], shift.Token);
                var rest = lagging && !context.Faults.IsCancellationRequested ? TimeSpan.FromSeconds(_random.Next(2, 12)) : context.Pace * 5;
                await ClientContext.RestAsync(_random, rest, cancellation);
            }
        }
        finally
        {
            foreach (var member in members)
            {
                member.Dispose();
            }
        }
    }

    private async Task WatchAsync(MemberClient member, CancellationToken shift)
    {
        try
        {
            using var stream = member.Watch.Watch(new CallOptions(cancellationToken: shift));
            await stream.RequestStream.WriteAsync(new WatchRequest
            {
                CreateRequest = new WatchCreateRequest
                {
                    Key = KvWire.Bytes(log.Key), RangeEnd = KvWire.Bytes(log.End), StartRevision = log.Next, PrevKv = log.PrevKv, ProgressNotify = true,
                },
            }, shift);
            log.Open(member.Connection);
            var asked = 0;
            while (await stream.ResponseStream.MoveNext(shift))
            {
                var response = stream.ResponseStream.Current;
                if (response.Canceled)
                {
                    Canceled(response);
                    return;
                }
                if (!response.Created)
                {
                    log.Add(new WatchBatch(context.History.Mark(), response.Header.Revision, [.. response.Events.Select(KvWire.From)], response.Fragment));
                    Interlocked.Exchange(ref _next, log.Next);
                }
                if (context.Kind.ProgressIsTrue() && ++asked % 20 == 1)
                {
                    await stream.RequestStream.WriteAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() }, shift);
                }
            }
        }
        catch (Exception broken) when (broken is RpcException or OperationCanceledException)
        {
            // The member went away, or it is time to move on: the next watch begins where this one ended.
        }
    }

    private void Canceled(WatchResponse response)
    {
        if (response.CompactRevision > 0)
        {
            log.Compacted(response.CompactRevision);
            Interlocked.Exchange(ref _next, log.Next);
        }
    }
}

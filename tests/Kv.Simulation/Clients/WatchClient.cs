using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Watch;
using Kv.Simulation.Machines;
using Kv.Testing.History;

namespace Kv.Simulation.Clients;

/// <summary>Watches a range for as long as the run lasts: when a stream breaks, or at a whim, it goes on at another member where it was.</summary>
internal sealed class WatchClient(SimCaller caller, HistoryRecorder history, string key, string end, bool prevKv)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(7);

    /// <summary>What it saw.</summary>
    public WatchLog Log { get; } = new($"w{caller.Number}", key, end, prevKv);

    /// <summary>The highest revision that it proved to have everything of.</summary>
    public long Reached => Log.Next - 1;

    /// <summary>Where it watches now; for the end of a run.</summary>
    public SimMachine? At { get; private set; }

    /// <summary>Until it is told to stop.</summary>
    public async Task RunAsync(Func<bool> stopped)
    {
        while (!stopped())
        {
            await WatchAsync(stopped);
            await caller.Sleep(TimeSpan.FromMilliseconds(caller.Random.NextInt(1, 300)));
        }
    }

    private async Task WatchAsync(Func<bool> stopped)
    {
        var to = caller.AnyMember();
        var over = new TaskCompletionSource();
        var slow = caller.Random.NextBool(0.2);
        var session = new Session();
        var opened = await caller.Call(to, node => OpenAsync(node, bunch => WriteAsync(to, bunch, session, over, slow)), _patience);
        if (opened.Value is not { } stream) return;
        var process = to.Process;
        var broken = process?.WhenGone(() => over.TrySetResult());
        At = to;
        var start = Log.Next;
        Log.Open(KvCalls.ConnectionTo(to), start);
        session.IsOpen = true;
        caller.World.Trace?.Write($"{Log.Name} watches at n{to.Number} from {start}");
        process?.Queue(() => _ = stream.CreateAsync(new WatchSpec
        {
            Range = new KeyRange(System.Text.Encoding.UTF8.GetBytes(key), System.Text.Encoding.UTF8.GetBytes(end)),
            StartRevision = start,
            PrevKv = prevKv,
        }));
        var whim = caller.World.Timeline.After(TimeSpan.FromMilliseconds(caller.Random.NextInt(200, 20_000)), () =>
        {
            if (!stopped()) over.TrySetResult();
        });
        var asks = caller.World.Timeline.After(TimeSpan.FromMilliseconds(caller.Random.NextInt(100, 3000)), () => process?.Queue(() => _ = stream.RequestProgressAsync()));
        await over.Task;
        session.IsOpen = false;
        At = null;
        whim.Cancel();
        asks.Cancel();
        if (process is not { IsGone: false }) return;
        if (broken is { } caller1) process.NoLonger(caller1);
        process.Queue(() => _ = stream.CloseAsync());
    }

    /// <summary>A learner has none to give.</summary>
    private static async Task<WatchStream?> OpenAsync(KvNode node, Func<WatchBunch, Task> write) =>
        node.Status.Raft.IsLearner ? null : await node.OpenWatchAsync(write);

    /// <summary>As a connection does: what is written arrives a little later and in order, or not at all once the stream is given up.</summary>
    private Task WriteAsync(SimMachine from, WatchBunch bunch, Session session, TaskCompletionSource over, bool slow)
    {
        var taken = new TaskCompletionSource();
        var late = slow && caller.Random.NextBool(0.3) ? caller.Random.NextInt(100, 5000) : 0;
        caller.World.Timeline.After(TimeSpan.FromMicroseconds(caller.Random.NextInt(50, 400)) + TimeSpan.FromMilliseconds(late), () =>
        {
            if (session.IsOpen && !caller.World.Links.ClientReaches(from))
            {
                over.TrySetResult();
                session.IsOpen = false;
            }

            foreach (var response in bunch.Responses)
            {
                if (session.IsOpen && caller.World.Passes(response)) Take(response, over);
            }

            if (from.Process is { } process) process.Queue(() => taken.TrySetResult());
        });
        return taken.Task;
    }

    private void Take(WatchResponse response, TaskCompletionSource over)
    {
        caller.World.Happened(Happening.Answer, caller.Number, response.Revision, response.Count);
        switch (response.Kind)
        {
            case WatchResponseKind.Events:
                var events = new WatchEvent[response.Count];
                for (var i = 0; i < events.Length; i++)
                {
                    var (batch, at) = (response[i].Batch, response[i].Index);
                    var now = batch[at];
                    events[i] = new WatchEvent(now.IsTombstone, KvMessages.Of(now), response.PrevKv && batch.Previous(at) is { } before ? KvMessages.Of(before) : null);
                }

                caller.World.Trace?.Write($"{Log.Name} sees {string.Join(", ", events.AsEnumerable())} @{response.Revision}");
                Log.Add(new WatchBatch(history.Mark(), response.Revision, events, response.IsFragment));
                break;
            case WatchResponseKind.Progress:
                caller.World.Trace?.Write($"{Log.Name} has everything up to {response.Revision}");
                Log.Add(new WatchBatch(history.Mark(), response.Revision, []));
                break;
            case WatchResponseKind.Compacted:
                caller.World.Trace?.Write($"{Log.Name} is too late: compacted at {response.CompactRevision}");
                Log.Compacted(response.CompactRevision);
                over.TrySetResult();
                break;
            default:
                break;
        }
    }

    private sealed class Session
    {
        public bool IsOpen { get; set; }
    }
}

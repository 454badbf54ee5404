using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;

namespace Kv.Simulation.Clients;

/// <summary>What an operator does while others work: compactions, and checkpoints now.</summary>
internal sealed class AdminClient(KvCalls calls)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    /// <summary>Until it is told to stop.</summary>
    public async Task RunAsync(Func<bool> stopped)
    {
        while (!stopped())
        {
            var random = calls.Caller.Random;
            await calls.Caller.Sleep(TimeSpan.FromMilliseconds(random.NextInt(500, 6000)));
            var to = calls.AnyMember();
            if (random.NextBool(0.5))
            {
                calls.Caller.World.Trace?.Write($"{calls.Name} asks n{to.Number} for a checkpoint");
                await calls.Caller.Call(to, async node =>
                {
                    await node.CheckpointAsync(CancellationToken.None);
                    return true;
                }, _patience);
                continue;
            }

            var kept = random.NextInt(1, 40);
            await calls.Caller.Call(to, node =>
            {
                var revision = node.Roots.Current.Kv.CurrentRevision - kept;
                if (revision < 1) return Task.FromResult(false);
                calls.Caller.World.Trace?.Write($"{calls.Name} asks n{to.Number} to compact at {revision}");
                calls.Caller.World.CompactedTo = Math.Max(calls.Caller.World.CompactedTo, revision);
                return CompactAsync(node, revision, random.NextBool(0.3));
            }, _patience);
        }
    }

    private static async Task<bool> CompactAsync(Actors.Node.KvNode node, long revision, bool physical) =>
        (await KvCalls.ProposeAsync<CompactionResponse>(node, new InternalRaftRequest { Compaction = new CompactionRequest { Revision = revision, Physical = physical } })).Ok;
}

using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Chaos.Clients;

/// <summary>Compacts now and then, behind what the given watchers have seen: those must lose nothing, a lagging one may.</summary>
internal sealed class Compactor(ClientContext context, IReadOnlyList<Watcher> ahead, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>How often it was told that it worked.</summary>
    public int Done { get; private set; }

    /// <summary>Works until the time of faults is over.</summary>
    public async Task RunAsync()
    {
        var members = context.Connect("compactor");
        try
        {
            while (!context.Faults.IsCancellationRequested)
            {
                await ClientContext.RestAsync(_random, TimeSpan.FromSeconds(5), context.Faults);
                var revision = ahead.Min(static w => w.Next) - 1 - _random.Next(100);
                if (revision > 1 && !context.Faults.IsCancellationRequested)
                {
                    await CompactAsync(members[_random.Next(members.Length)], revision);
                }
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

    private async Task CompactAsync(MemberClient member, long revision)
    {
        try
        {
            await member.Kv.CompactAsync(new CompactionRequest { Revision = revision }, new CallOptions(deadline: DateTime.UtcNow + ClientContext.Patience));
            Done++;
        }
        catch (RpcException)
        {
            // Compacted already, or nobody knows: the next one goes further anyway.
        }
    }
}

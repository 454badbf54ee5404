using Kv.Chaos.Servers;
using Kv.Testing.History;

namespace Kv.Chaos.Clients;

/// <summary>What all clients of a run share.</summary>
/// <param name="Cluster">Whom they talk to.</param>
/// <param name="Kind">Whose members those are.</param>
/// <param name="History">Where they record what they did.</param>
/// <param name="Pace">How long each rests between two requests, on average.</param>
/// <param name="Faults">Cancelled when the time of faults is over: writers end, watchers go on until they have seen everything.</param>
internal sealed record ClientContext(ChaosCluster Cluster, ServerKind Kind, HistoryRecorder History, TimeSpan Pace, CancellationToken Faults)
{
    /// <summary>How long a client waits for one answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private long _highest = 1;

    /// <summary>The highest revision that any client has seen: what reads of the past and compactions are chosen from.</summary>
    public long Highest => Interlocked.Read(ref _highest);

    /// <summary>A client has seen a revision.</summary>
    public void Saw(long revision)
    {
        for (var now = Highest; revision > now && Interlocked.CompareExchange(ref _highest, revision, now) != now; now = Highest)
        {
        }
    }

    /// <summary>A client's connections, one to each member.</summary>
    public MemberClient[] Connect(string client) => [.. Cluster.Members.Select(m => new MemberClient(client, m))];

    /// <summary>Rests between half and one and a half of a time.</summary>
    public static async Task RestAsync(Random random, TimeSpan time, CancellationToken cancellation)
    {
        if (!cancellation.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(time * (0.5 + random.NextDouble()), cancellation));
        }
    }
}

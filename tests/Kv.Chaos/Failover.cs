using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Kv.Chaos.Clients;
using Kv.Chaos.Servers;
using Kv.Testing.History;

namespace Kv.Chaos;

/// <summary>How soon writes go on after the leader was killed.</summary>
internal static class Failover
{
    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Kills the leader again and again, and measures from the kill to the first acknowledgement of a write that was sent after it.</summary>
    /// <returns>The times, in order of the kills.</returns>
    public static async Task<IReadOnlyList<TimeSpan>> RunAsync(ServerKind kind, string? build, int kills, Action<string> log, CancellationToken cancellation)
    {
        await using var cluster = await ChaosCluster.StartAsync(kind, proxies: false, smallDisk: false, build);
        var times = new List<TimeSpan>();
        for (var kill = 1; kill <= kills && !cancellation.IsCancellationRequested; kill++)
        {
            var leader = await WholeAsync(cluster);
            var others = cluster.Members.Where(m => m != leader).ToArray();
            await using var writers = new Writers(others);
            await writers.WarmUpAsync();
            var clock = Stopwatch.StartNew();
            await leader.KillAsync();
            var killed = clock.Elapsed;                            // the process is gone for certain from here on
            var resumed = await writers.FirstAcknowledgedAsync(clock, s_patience);
            times.Add(resumed - killed);
            log(string.Create(CultureInfo.InvariantCulture, $"kill {kill} of {kills}: {leader.Name}, writes again after {times[^1].TotalMilliseconds:F0} ms"));
            await leader.StartAsync();
        }
        return times;
    }

    /// <summary>Median, 99th and so on, of times in any order.</summary>
    public static string Summary(ServerKind kind, IReadOnlyList<TimeSpan> times)
    {
        var sorted = times.Select(static t => t.TotalMilliseconds).Order().ToArray();
        double At(double part) => sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)];
        return string.Create(CultureInfo.InvariantCulture, $"{kind}: {sorted.Length} kills of the leader, election timeout {ChaosCluster.ElectionTimeout.TotalMilliseconds} ms; writes again after, ms: "
            + $"p50 {At(0.5):F0}, p90 {At(0.9):F0}, p99 {At(0.99):F0}, max {sorted[^1]:F0}; p99 is {At(0.99) / ChaosCluster.ElectionTimeout.TotalMilliseconds:F2} election timeouts");
    }

    /// <summary>Waits until all members run, know one leader, and have what it has; returns it.</summary>
    private static async Task<MemberProcess> WholeAsync(ChaosCluster cluster)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < s_patience * 2;)
        {
            var all = await MemberStatus.AskAllAsync(cluster.Members);
            if (all.Count == cluster.Members.Count && all.Select(static s => (s.Leader, s.Term, s.Revision)).Distinct().Count() == 1
                && all.FirstOrDefault(static s => s.Id == s.Leader) is { } leader)
            {
                return leader.Member;
            }
            await ClientContext.RestAsync(Random.Shared, TimeSpan.FromMilliseconds(200), CancellationToken.None);
        }
        throw new TimeoutException($"the cluster was not whole after {s_patience.TotalSeconds * 2}s\n{cluster.LogTails(20)}");
    }

    /// <summary>Sends a write to each surviving member every few milliseconds, without waiting for answers.</summary>
    private sealed class Writers(MemberProcess[] members) : IAsyncDisposable
    {
        private readonly MemberClient[] _clients = [.. members.Select(static m => new MemberClient("writer", m))];
        private readonly ConcurrentBag<Task> _sent = [];
        private readonly CancellationTokenSource _stop = new();
        private readonly TaskCompletionSource<TimeSpan> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>One write through each, so that connections are there.</summary>
        public async Task WarmUpAsync()
        {
            foreach (var client in _clients)
            {
                await client.Kv.PutAsync(KvWire.ToMessage(new KvRequest.Put("failover", "before")), new CallOptions(deadline: DateTime.UtcNow + s_patience));
            }
        }

        public async Task<TimeSpan> FirstAcknowledgedAsync(Stopwatch clock, TimeSpan patience)
        {
            for (var next = 0; !_first.Task.IsCompleted && clock.Elapsed < patience; next++)
            {
                _sent.Add(WriteAsync(_clients[next % _clients.Length], clock));
                await Task.WhenAny(_first.Task, Task.Delay(s_between / _clients.Length));
            }
            return _first.Task.IsCompleted ? await _first.Task : throw new TimeoutException($"no write was acknowledged within {patience.TotalSeconds}s");
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_sent);
            foreach (var client in _clients)
            {
                client.Dispose();
            }
            _stop.Dispose();
        }

        private async Task WriteAsync(MemberClient client, Stopwatch clock)
        {
            try
            {
                await client.Kv.PutAsync(KvWire.ToMessage(new KvRequest.Put("failover", "after")), new CallOptions(deadline: DateTime.UtcNow + s_patience, cancellationToken: _stop.Token));
                _first.TrySetResult(clock.Elapsed);
            }
            catch (RpcException)
            {
                // No leader yet, or it is not needed any more: the next one counts.
            }
        }
    }
}

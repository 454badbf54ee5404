using System.Text;
using Google.Protobuf;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Testing;
using Kv.Testing.Processes;
using Xunit;

namespace Kv.Interop.BadInput;

/// <summary>What bad input gets: the same table of requests goes to Debian's etcd and to this service, and the answers are compared.</summary>
public sealed class BadInputTests
{
    private static readonly TimeSpan _patience = PatientTestKit.Patience;

    [InteropFact("etcd")]
    public async Task Bad_input_gets_etcds_answer_and_leaves_both_servers_with_the_same_data()
    {
        var starting = KvServer.StartAsync();
        await using var etcd = await EtcdServer.StartAsync();
        await using var ours = await starting;
        var answers = await Task.WhenAll(
            AskAllAsync(etcd.Endpoint, static (caller, one) => one.Etcd == BadCase.Ends
                ? Task.FromResult(BadCase.Ends)
                : caller.AskAsync(one.Send, _patience)),
            AskAllAsync(ours.Endpoint, static (caller, one) => caller.AskAsync(one.Send, _patience)));

        var wrong = new StringBuilder();
        for (var i = 0; i < BadCases.All.Count; i++)
        {
            var one = BadCases.All[i];
            var (theirs, mine) = (answers[0][i], answers[1][i]);
            var agree = one.Why is null ? theirs == mine : theirs == one.Etcd && mine == one.Ours;
            if (!agree)
            {
                wrong.AppendLine($"{one.Name}\n  etcd: {theirs}\n  ours: {mine}{(one.Why is null ? "" : $"\n  expected etcd: {one.Etcd}\n  expected ours: {one.Ours}")}");
            }
        }
        Assert.True(wrong.Length == 0, $"answers that differ:\n{wrong}");

        var data = await Task.WhenAll(DataAsync(etcd.Endpoint), DataAsync(ours.Endpoint));
        Assert.Equal(data[0], data[1]);
    }

    [Fact]
    public void Cases_have_names_of_their_own_and_differences_are_some()
    {
        Assert.Empty(BadCases.All.GroupBy(static one => one.Name).Where(static group => group.Count() > 1).Select(static group => group.Key));
        Assert.All(BadCases.All, static one => Assert.True(one.Why is null || one.Etcd != one.Ours, one.Name));
    }

    private static async Task<string[]> AskAllAsync(string endpoint, Func<BadCaller, BadCase, Task<string>> ask)
    {
        using var caller = new BadCaller(endpoint);
        var answers = new List<string>();
        foreach (var one in BadCases.All)
        {
            answers.Add(await ask(caller, one));
        }
        return [.. answers];
    }

    /// <summary>That it still serves, and all that it holds: every key with its revisions and lease, leases, and the hash over the history.</summary>
    private static async Task<string> DataAsync(string endpoint)
    {
        using var caller = new BadCaller(endpoint);
        var all = ByteString.CopyFromUtf8("\0");
        var hash = await caller.AskAsync(Sent.Of("Maintenance/HashKV", new HashKVRequest()), _patience);
        string[] parts =
        [
            await caller.AskAsync(Sent.Of("KV/Put", new PutRequest { Key = ByteString.CopyFromUtf8("still"), Value = ByteString.CopyFromUtf8("serving") }), _patience),
            await caller.AskAsync(Sent.Of("KV/Range", new RangeRequest { Key = all, RangeEnd = all }), _patience),
            await caller.AskAsync(Sent.Of("Lease/LeaseLeases", new LeaseLeasesRequest()), _patience),
            hash.Split(", \"hashRevision\"")[0].TrimEnd(' ', '}'),      // which 3.4 does not tell
        ];
        return string.Join('\n', parts);
    }
}

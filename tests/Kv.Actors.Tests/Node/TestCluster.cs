using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Node;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Raft;
using Kv.Testing;
using Kv.Testing.Processes;
using Xunit;
using static Kv.Actors.Tests.Apply.Requests;

namespace Kv.Actors.Tests.Node;

/// <summary>Whole nodes in this process, over a network of this test or over loopback.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public static readonly TimeSpan Patience = PatientTestKit.Patience;

    private readonly string _root = Directory.CreateTempSubdirectory("kv-cluster-").FullName;
    private readonly bool _remote;
    private readonly string _hocon;
    private readonly Dictionary<string, string> _urls = [];
    private readonly Dictionary<string, KvNode> _nodes = [];

    /// <summary>A cluster that is not founded yet.</summary>
    /// <param name="remote">Over Akka.Remote on loopback ports, rather than over <see cref="Network"/>.</param>
    /// <param name="hocon">Over everything.</param>
    public TestCluster(bool remote = false, string hocon = "") => (_remote, _hocon) = (remote, hocon);

    public FakeNetwork Network { get; } = new();

    public IReadOnlyDictionary<string, KvNode> Nodes => _nodes;

    public KvNode this[string name] => _nodes[name];

    public string Url(string name)
    {
        if (!_urls.TryGetValue(name, out var url))
        {
            _urls[name] = url = $"{(_hocon.Contains(".tls", StringComparison.Ordinal) ? "https" : "http")}://127.0.0.1:{(_remote ? FreePorts.Next() : 1000 + _urls.Count)}";
        }
        return url;
    }

    /// <summary>Founds a cluster of these members and waits until every one of them is published.</summary>
    public static async Task<TestCluster> FoundAsync(bool remote = false, string hocon = "", params string[] names)
    {
        var cluster = new TestCluster(remote, hocon);
        try
        {
            await Task.WhenAll(names.Select(name => cluster.StartAsync(name, names)));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one and waits until it is published.</summary>
    public async Task<KvNode> StartAsync(string name, IReadOnlyList<string>? members = null, string state = "new", bool publish = true, string more = "")
    {
        string url, initial;
        lock (_urls)
        {
            url = Url(name);
            initial = string.Join(", ", (members ?? []).Select(member => $"\"{member}={Url(member)}\""));
        }
        var hocon = $$"""
            akka { loglevel = OFF, stdout-loglevel = OFF }
            kv {
              name = {{name}}
              data-dir = "{{_root}}/{{name}}"
              peer { listen-urls = [{{(_remote ? $"\"{url}\"" : "")}}], advertise-urls = ["{{url}}"] }
              cluster { initial-members = [{{initial}}], initial-state = {{state}} }
              raft { heartbeat-interval = 20ms, election-timeout = 300ms }
              persistence.journal { segment-bytes = 64 KiB, first-segment-bytes = 64 KiB }
            }
            """;
        var environment = _remote ? NodeEnvironment.Real : NodeEnvironment.Real with { Routes = Network.From(url) };
        var node = await KvNode.StartAsync([more, _hocon, hocon], new Metrics(new MetricsRegistry()), environment);
        lock (_urls)
        {
            _nodes[name] = node;
        }
        if (publish)
        {
            Assert.Equal(KvError.None, await node.PublishAsync().WaitAsync(Patience));
        }
        return node;
    }

    /// <summary>Stops one as a process that is asked to end.</summary>
    public async Task StopAsync(string name)
    {
        var node = _nodes[name];
        _nodes.Remove(name);
        await node.DisposeAsync();
        Network.Detach(Url(name));
    }

    /// <summary>Removes the data of one that is stopped.</summary>
    public void LoseData(string name) => Directory.Delete($"{_root}/{name}", recursive: true);

    /// <summary>Cuts one off from the others.</summary>
    public void Isolate(string name, bool cut = true) => Network.Isolate(Url(name), _urls.Values.Where(url => url != Url(name)).ToList(), cut);

    /// <summary>Waits until all of these follow one leader among them.</summary>
    public async Task<string> LeaderAsync(params string[] among)
    {
        var names = among.Length > 0 ? among : [.. _nodes.Keys];
        string? leader = null;
        await UntilAsync(() =>
        {
            var ids = names.Select(name => _nodes[name].Status.Raft.Leader).Distinct().ToList();
            leader = ids is [not 0] ? names.FirstOrDefault(name => _nodes[name].Status.Self.Value == ids[0]) : null;
            return leader is not null && _nodes[leader].Status.Raft.IsLeader;
        });
        return leader!;
    }

    public string Follower(string leader) => _nodes.Keys.Order(StringComparer.Ordinal).First(name => name != leader);

    public async Task<long> PutAsync(string on, string key, string value)
    {
        while (true)
        {
            var put = await _nodes[on].ProposeAsync<PutResponse>(Put(key, value)).WaitAsync(Patience);
            // On a busy machine a leader may be lost at any time; whether the put was done is not known then, so it is done again.
            if (put.Error is not (KvError.Timeout or KvError.TimeoutDueToLeaderFail or KvError.TimeoutDueToConnectionLost))
            {
                Assert.Equal(KvError.None, put.Error);
                return put.Value!.Header.Revision;
            }
        }
    }

    /// <summary>Changes the membership through one of them, and tells how many members there are then.</summary>
    public async Task<int> ChangeAsync(string on, ConfChange change)
    {
        for (var again = false; ; again = true)
        {
            var changed = await _nodes[on].ProposeConfChangeAsync(change).WaitAsync(Patience);
            if (changed.Error is KvError.Timeout or KvError.TimeoutDueToLeaderFail or KvError.TimeoutDueToConnectionLost)
            {
                continue;                                      // see PutAsync
            }
            if (again && changed.Error is (KvError.MemberExist or KvError.MemberNotFound))
            {
                return _nodes[on].Roots.Current.Members.Count;     // the one before was done after all
            }
            Assert.Equal(KvError.None, changed.Error);
            return changed.Value!.Count;
        }
    }

    public async Task<string?> GetAsync(string on, string key)
    {
        while (true)
        {
            var root = await _nodes[on].Reads.LinearizableAsync(CancellationToken.None).AsTask().WaitAsync(Patience);
            if (root.Error is not (KvError.LeaderChanged or KvError.Timeout))      // which clients try again by themselves
            {
                Assert.Equal(KvError.None, root.Error);
                return Value(root.Value!, key);
            }
        }
    }

    /// <summary>Waits until all of these have applied the same, and checks that it is the same.</summary>
    public async Task ConvergedAsync()
    {
        await UntilAsync(() => _nodes.Values.Select(static node => node.Status.AppliedIndex).Distinct().Count() == 1);
        var states = _nodes.Values.Select(static node => node.Roots.Current).Select(static root =>
            (root.Kv.CurrentRevision, string.Join(',', root.Kv.Range(new RangeQuery(KeyRange.All)).Value!.Kvs.ToArray().Select(static kv =>
                $"{Convert.ToHexString(kv.Key)}={Convert.ToHexString(kv.Value)}@{kv.Revision}")))).Distinct().ToList();
        Assert.Single(states);
    }

    /// <summary>Waits for what the nodes do on their own.</summary>
    public static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
        {
            Assert.False(patience.IsCancellationRequested, $"not so after {Patience}");
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in _nodes.Keys.ToArray())
        {
            await StopAsync(name);
        }
        Directory.Delete(_root, recursive: true);
    }
}

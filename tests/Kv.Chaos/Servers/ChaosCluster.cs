using System.Globalization;
using Kv.Chaos.Network;
using Kv.Testing.Processes;

namespace Kv.Chaos.Servers;

/// <summary>Three members on loopback, each behind a proxy for its peers.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    /// <summary>Ticks of a tenth of this; etcd's own default.</summary>
    public static readonly TimeSpan ElectionTimeout = TimeSpan.FromSeconds(1);

    private readonly string _folder;
    private readonly List<PeerProxy> _proxies = [];
    private readonly SmallDisk? _smallDisk;

    private ChaosCluster(string folder, SmallDisk? smallDisk, IReadOnlyList<MemberProcess> members, LinkTable links) =>
        (_folder, _smallDisk, Members, Links) = (folder, smallDisk, members, links);

    /// <summary>All members.</summary>
    public IReadOnlyList<MemberProcess> Members { get; }

    /// <summary>What happens between them.</summary>
    public LinkTable Links { get; }

    /// <summary>The member whose disk is small enough to be filled, and that disk; none without root.</summary>
    public (MemberProcess Member, SmallDisk Disk)? Fillable => _smallDisk is { } disk ? (Members[^1], disk) : null;

    /// <summary>Starts three members of one kind in a new folder.</summary>
    /// <param name="kind">Whose.</param>
    /// <param name="proxies">Whether peers reach each other through proxies; without them nothing between members can be cut.</param>
    /// <param name="smallDisk">Whether the last member's data goes on a small disk of its own, if root is at hand.</param>
    /// <param name="build">Which build, as in <see cref="ServerKinds.Start"/>.</param>
    /// <param name="flags">More flags for each.</param>
    public static async Task<ChaosCluster> StartAsync(ServerKind kind, bool proxies, bool smallDisk, string? build, params string[] flags)
    {
        var folder = Directory.CreateTempSubdirectory("kv-chaos-").FullName;
        string[] names = ["m1", "m2", "m3"];
        var ports = names.ToDictionary(static n => n, _ => (Client: FreePorts.Next(), Peer: FreePorts.Next(), Proxy: FreePorts.Next()));
        string PeerUrl(string name) => $"http://127.0.0.1:{(proxies ? ports[name].Proxy : ports[name].Peer)}";
        var initial = string.Join(',', names.Select(n => $"{n}={PeerUrl(n)}"));
        var disk = smallDisk ? await SmallDisk.MountAsync(Path.Combine(folder, "small")) : null;
        string DataFolder(string name) => Path.Combine(disk is not null && name == names[^1] ? disk.Folder : folder, name);
        MemberProcess[] members =
        [
            .. names.Select(name => new MemberProcess(name, kind.Start(build),
            [
                $"--name={name}", $"--data-dir={DataFolder(name)}",
                $"--listen-client-urls=http://127.0.0.1:{ports[name].Client}", $"--advertise-client-urls=http://127.0.0.1:{ports[name].Client}",
                $"--listen-peer-urls=http://127.0.0.1:{ports[name].Peer}", $"--initial-advertise-peer-urls={PeerUrl(name)}",
                $"--initial-cluster={initial}", "--initial-cluster-token=chaos", "--initial-cluster-state=new",
                $"--heartbeat-interval={(ElectionTimeout.TotalMilliseconds / 10).ToString(CultureInfo.InvariantCulture)}",
                $"--election-timeout={ElectionTimeout.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)}", .. flags,
            ])
            {
                ClientUrl = $"http://127.0.0.1:{ports[name].Client}",
                PeerPort = ports[name].Peer,
                LogFile = Path.Combine(folder, name + ".log"),
            }),
        ];
        var cluster = new ChaosCluster(folder, disk, members, new LinkTable(names));
        try
        {
            foreach (var member in proxies ? members : [])
            {
                cluster._proxies.Add(new PeerProxy(member.Name, ports[member.Name].Proxy, member.PeerPort, cluster.Links, cluster.WhoDialled));
            }
            await Task.WhenAll(members.Select(static m => m.StartAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts whatever is down, resumes whatever is paused. Links heal as those who cut them let go.</summary>
    public async Task ReviveAsync()
    {
        foreach (var member in Members)
        {
            member.Resume();
            await member.StartAsync();
        }
    }

    /// <summary>The ends of all logs, for a failure message.</summary>
    public string LogTails(int lines) => string.Join('\n', Members.Select(m => $"--- last lines of {m.Name}\n{m.LogTail(lines)}"));

    /// <summary>Copies logs away before the folder goes.</summary>
    public void KeepLogs(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var member in Members.Where(static m => File.Exists(m.LogFile)))
        {
            File.Copy(member.LogFile, Path.Combine(folder, Path.GetFileName(member.LogFile)), overwrite: true);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
        {
            await member.DisposeAsync();
        }
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }
        if (_smallDisk is not null)
        {
            await _smallDisk.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private string? WhoDialled(int fromPort, int toPort)
    {
        var owner = SocketOwner.Find(fromPort, toPort, Members.Select(static m => m.ProcessId));
        return owner == 0 ? null : Members.FirstOrDefault(m => m.ProcessId == owner)?.Name;
    }
}

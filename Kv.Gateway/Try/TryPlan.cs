namespace Kv.Gateway.Try;

/// <summary>One member of a cluster for trying out.</summary>
/// <param name="Name">A letter.</param>
/// <param name="ClientPort">Where clients reach it on 127.0.0.1.</param>
/// <param name="PeerPort">Where the others do.</param>
/// <param name="LogFile">Where its log lines go.</param>
/// <param name="Flags">What its process is started with.</param>
public sealed record TryMember(string Name, int ClientPort, int PeerPort, string LogFile, IReadOnlyList<string> Flags)
{
    /// <summary><c>127.0.0.1:PORT</c>.</summary>
    public string Endpoint => $"127.0.0.1:{ClientPort}";
}

/// <summary>A cluster on this machine, by one command: <c>--try-cluster 3</c>. Which members, ports and folders.</summary>
/// <remarks><code>
///  --try-cluster 3                         a 2379/2380   b 2389/2390   c 2399/2400     data in kv-cluster/a, b, c
///  --try-cluster 3 --try-cluster-port 5000 a 5000/5001   b 5010/5011   c 5020/5021
/// </code></remarks>
public sealed record TryPlan(IReadOnlyList<TryMember> Members, string Folder)
{
    /// <summary>Most members that can be asked for; etcd advises no more than 7 in earnest.</summary>
    public const int MostMembers = 9;

    /// <summary>Flags that this decides itself.</summary>
    public static readonly IReadOnlyList<string> Chosen =
    [
        "name", "wal-dir", "listen-client-urls", "advertise-client-urls", "listen-peer-urls", "initial-advertise-peer-urls",
        "initial-cluster", "initial-cluster-state", "initial-cluster-token", "discovery-srv", "log-outputs",
    ];

    /// <summary>Plans a cluster.</summary>
    /// <param name="count">Members, 1 to <see cref="MostMembers"/>.</param>
    /// <param name="firstPort">Client port of the first; each takes two, ten apart.</param>
    /// <param name="folder">Where data and logs go.</param>
    /// <param name="others">Flags for every member, as they were given.</param>
    public static TryPlan For(int count, int firstPort, string folder, IReadOnlyList<string> others)
    {
        var names = Enumerable.Range(0, count).Select(static i => ((char)('a' + i)).ToString()).ToList();
        var cluster = string.Join(',', names.Select((name, i) => $"{name}=http://127.0.0.1:{firstPort + (10 * i) + 1}"));
        return new TryPlan([.. names.Select((name, i) => Member(name, firstPort + (10 * i)))], folder);

        TryMember Member(string name, int port)
        {
            var log = Path.Combine(folder, $"{name}.log");
            var (client, peer) = ($"http://127.0.0.1:{port}", $"http://127.0.0.1:{port + 1}");
            return new TryMember(name, port, port + 1, log,
            [
                .. others, $"--name={name}", $"--data-dir={Path.Combine(folder, name)}", $"--listen-client-urls={client}", $"--advertise-client-urls={client}",
                $"--listen-peer-urls={peer}", $"--initial-advertise-peer-urls={peer}", $"--initial-cluster={cluster}", $"--initial-cluster-token={Path.GetFileName(folder)}",
                "--initial-cluster-state=new", $"--log-outputs={log}",
            ]);
        }
    }
}

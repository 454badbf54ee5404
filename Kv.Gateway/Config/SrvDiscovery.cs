using System.Net;
using Kv.Actors.Cluster;

namespace Kv.Gateway.Config;

/// <summary>What discovery found: the members at the first start.</summary>
/// <param name="Cluster">All of them; others have numbers for names until they say theirs.</param>
/// <param name="Own">This member's peer URLs as the records name them: it must tell the others these, whatever way it spelled them itself.</param>
public sealed record DiscoveredCluster(IReadOnlyList<InitialMember> Cluster, IReadOnlyList<string> Own);

/// <summary>Finds the members by DNS (<c>--discovery-srv</c>), as etcd does it.</summary>
/// <remarks>
/// Source: reference, discovery. Records of <c>_etcd-server-ssl._tcp.DOMAIN</c> give https URLs, those of
/// <c>_etcd-server._tcp.DOMAIN</c> http ones. The record whose address is this member's own gets its name.
/// </remarks>
public static class SrvDiscovery
{
    /// <summary>HOCON key of the resolver; not one of etcd's flags.</summary>
    public const string ServerKey = "kv.cluster.dns-server";

    /// <summary>The resolver to ask: null for the system's.</summary>
    /// <exception cref="FormatException">The text is no ADDRESS or ADDRESS:PORT.</exception>
    public static IPEndPoint? ReadServer(string? text) => string.IsNullOrEmpty(text) ? null
        : !IPEndPoint.TryParse(text, out var server) ? throw new FormatException($"{ServerKey} is \"{text}\": it must be ADDRESS or ADDRESS:PORT")
        : server.Port == 0 ? new IPEndPoint(server.Address, 53) : server;

    /// <summary>Asks for the members.</summary>
    /// <param name="names">The domain name system.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="suffix">Of the services' names; empty for none.</param>
    /// <param name="name">This member's name.</param>
    /// <param name="advertised">Its peer URLs.</param>
    /// <exception cref="IOException">No records were found, or none is this member's; the message says which.</exception>
    public static async Task<DiscoveredCluster> FindAsync(
        INameService names, string domain, string suffix, string name, IReadOnlyList<KvUrl> advertised)
    {
        var own = new Dictionary<(IPAddress, int), KvUrl>();
        foreach (var url in advertised)
        {
            foreach (var address in await names.AddressesAsync(url.Host).ConfigureAwait(false))
            {
                own[(address, url.Port)] = url;
            }
        }
        var tail = suffix.Length > 0 ? $"-{suffix}" : "";
        var search = new Search(names, name, own);
        await search.AddAsync("https", $"etcd-server-ssl{tail}", domain).ConfigureAwait(false);
        await search.AddAsync("http", $"etcd-server{tail}", domain).ConfigureAwait(false);
        if (search.Found.Count == 0)
        {
            throw new IOException(string.Join("; ", search.Problems));
        }
        var cluster = InitialCluster.Parse(search.Found);
        return cluster.FirstOrDefault(member => member.Name == name) is { } self
            ? new DiscoveredCluster(cluster, self.PeerUrls)
            : throw new IOException($"cannot find local etcd member \"{name}\" in SRV records");
    }

    private sealed class Search(INameService names, string name, Dictionary<(IPAddress, int), KvUrl> own)
    {
        private int _nameless;

        public List<string> Found { get; } = [];

        public List<string> Problems { get; } = [];

        public async Task AddAsync(string scheme, string service, string domain)
        {
            string? problem = "no such host";
            var before = Found.Count;
            try
            {
                foreach (var record in await names.ServicesAsync($"_{service}._tcp.{domain}").ConfigureAwait(false))
                {
                    problem = await AddAsync(scheme, service, record).ConfigureAwait(false) ?? problem;
                }
            }
            catch (IOException unanswered)
            {
                problem = unanswered.Message;
            }
            if (Found.Count == before)
            {
                Problems.Add($"error querying DNS SRV records for _{service} {problem}");
            }
        }

        private async Task<string?> AddAsync(string scheme, string service, SrvRecord record)
        {
            var url = new KvUrl(scheme, record.Host, record.Port);
            var addresses = await names.AddressesAsync(record.Host).ConfigureAwait(false);
            if (addresses.Count == 0)
            {
                return $"lookup {record.Host}: no such host";
            }
            var mine = addresses.Select(address => own.GetValueOrDefault((address, record.Port))).FirstOrDefault(static found => found is not null);
            if (mine is not null && mine.Scheme != scheme)
            {
                return $"bootstrap at {url} from DNS for {service} has scheme mismatch with expected peer {mine}";
            }
            Found.Add($"{(mine is null ? (_nameless++).ToString(System.Globalization.CultureInfo.InvariantCulture) : name)}={url}");
            return null;
        }
    }
}

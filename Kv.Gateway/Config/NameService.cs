using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;

namespace Kv.Gateway.Config;

/// <summary><see cref="INameService"/> over the DnsClient library, as .NET itself asks for addresses only.</summary>
/// <param name="server">The resolver; null is the system's.</param>
internal sealed class NameService(IPEndPoint? server) : INameService
{
    private readonly LookupClient _client = new(Options(server));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SrvRecord>> ServicesAsync(string name) =>
        [.. (await AskAsync(name, QueryType.SRV).ConfigureAwait(false)).OfType<DnsClient.Protocol.SrvRecord>()
            .OrderBy(static record => record.Priority)
            .Select(static record => new SrvRecord(record.Target.Value.TrimEnd('.'), record.Port))];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<IPAddress>> AddressesAsync(string host)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return [address];
        }
        if (server is null || host == "localhost")
        {
            try
            {
                return await Dns.GetHostAddressesAsync(host).ConfigureAwait(false);
            }
            catch (SocketException unknown)
            {
                throw new IOException($"lookup {host}: {unknown.Message}", unknown);
            }
        }
        var four = await AskAsync(host, QueryType.A).ConfigureAwait(false);
        var six = await AskAsync(host, QueryType.AAAA).ConfigureAwait(false);
        return [.. four.Concat(six).OfType<AddressRecord>().Select(static record => record.Address)];
    }

    private async Task<IReadOnlyList<DnsResourceRecord>> AskAsync(string name, QueryType type)
    {
        try
        {
            var answer = await _client.QueryAsync(name, type).ConfigureAwait(false);
            return !answer.HasError || answer.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain
                ? answer.Answers
                : throw new IOException($"lookup {name}: {answer.ErrorMessage}");
        }
        catch (DnsResponseException failed)
        {
            throw new IOException($"lookup {name}: {failed.DnsError}", failed);
        }
    }

    private static LookupClientOptions Options(IPEndPoint? server)
    {
        var options = server is null ? new LookupClientOptions() : new LookupClientOptions(server);
        (options.UseCache, options.Timeout, options.Retries) = (false, TimeSpan.FromSeconds(2), 1);
        return options;
    }
}

using System.Net;

namespace Kv.Gateway.Config;

/// <summary>One SRV record: a service runs on this host and port.</summary>
/// <param name="Host">Name of the host, without the dot at its end.</param>
/// <param name="Port">Port.</param>
public sealed record SrvRecord(string Host, int Port);

/// <summary>What discovery asks the domain name system.</summary>
public interface INameService
{
    /// <summary>The SRV records of a full name such as <c>_etcd-server._tcp.example.com</c>; none when it does not exist.</summary>
    /// <exception cref="IOException">Nobody answered; the message says what was asked.</exception>
    Task<IReadOnlyList<SrvRecord>> ServicesAsync(string name);

    /// <summary>The addresses of a host, which may be an address itself; none when it does not exist.</summary>
    /// <exception cref="IOException">Nobody answered.</exception>
    Task<IReadOnlyList<IPAddress>> AddressesAsync(string host);
}

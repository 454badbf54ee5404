using System.Globalization;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Where an actor system is: <c>akka://name</c> inside a process, <c>akka.tcp://name@host:port</c> between nodes.</summary>
public sealed class Address : IEquatable<Address>, IComparable<Address>, IComparable, ISurrogated
{
    /// <summary>Stands for every system.</summary>
    public static readonly Address AllSystems = new("akka", "all-systems");

    private readonly string _text;

    /// <summary>From its parts; host and port are both null for a local address.</summary>
    public Address(string protocol, string system, string host = null, int? port = null)
    {
        Protocol = protocol;
        System = system;
        Host = host?.ToLowerInvariant();
        Port = port;
        _text = Host is null
            ? $"{protocol}://{system}"
            : string.Create(CultureInfo.InvariantCulture, $"{protocol}://{system}@{Host}:{port}");
    }

    /// <summary>Host, or null.</summary>
    public string Host { get; }

    /// <summary>Port, or null.</summary>
    public int? Port { get; }

    /// <summary>Name of the actor system.</summary>
    public string System { get; }

    /// <summary>Such as <c>akka</c> or <c>akka.tcp</c>.</summary>
    public string Protocol { get; }

    /// <summary>Whether the address means only this process.</summary>
    public bool HasLocalScope => string.IsNullOrEmpty(Host);

    /// <summary>Whether other nodes can use it.</summary>
    public bool HasGlobalScope => !string.IsNullOrEmpty(Host);

    /// <inheritdoc/>
    public int CompareTo(Address other) => other is null ? 1 : string.CompareOrdinal(_text, other._text);

    int IComparable.CompareTo(object obj) => obj is Address other
        ? CompareTo(other)
        : throw new ArgumentException($"Cannot compare an Address with an instance of type {obj?.GetType()}", nameof(obj));

    /// <inheritdoc/>
    public bool Equals(Address other) => other is not null && (ReferenceEquals(this, other) || _text == other._text);

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is Address other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <summary>The address without its protocol.</summary>
    public string HostPort() => _text[(Protocol.Length + 3)..];

    /// <summary>The same with another host.</summary>
    public Address WithHost(string host = null) => new(Protocol, System, host, Port);

    /// <summary>The same with another port.</summary>
    public Address WithPort(int? port = null) => new(Protocol, System, Host, port);

    /// <summary>The same with another system name.</summary>
    public Address WithSystem(string system) => new(Protocol, system, Host, Port);

    /// <summary>The same with another protocol.</summary>
    public Address WithProtocol(string protocol) => new(protocol, System, Host, Port);

    /// <summary>Reads an address.</summary>
    /// <exception cref="UriFormatException">The text is not an address.</exception>
    public static Address Parse(string address) =>
        TryParse(address, out var result) ? result : throw new UriFormatException($"Unable to parse address from [{address}]");

    /// <summary>Reads the address at the start of <paramref name="path"/>.</summary>
    public static bool TryParse(string path, out Address address) => TryParse(path, out address, out _);

    /// <summary>Reads the address at the start of <paramref name="path"/> and hands back the rest, from its slash.</summary>
    public static bool TryParse(string path, out Address address, out string absolutUri)
    {
        address = null;
        absolutUri = null;
        var scheme = path.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0) return false;
        var rest = path[(scheme + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        absolutUri = slash < 0 ? "/" : rest[slash..];
        var authority = slash < 0 ? rest : rest[..slash];
        if (authority.Length == 0) return false;
        var at = authority.IndexOf('@', StringComparison.Ordinal);
        if (at < 0)
        {
            address = new Address(path[..scheme], authority);
            return true;
        }

        var colon = authority.LastIndexOf(':');
        if (colon < at || !int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)) return false;
        address = new Address(path[..scheme], authority[..at], authority[(at + 1)..colon], port);
        return true;
    }

    /// <inheritdoc/>
    public ISurrogate ToSurrogate(ActorSystem system) =>
        new AddressSurrogate { Host = Host, Port = Port, Protocol = Protocol, System = System };

    /// <summary>Whether both are the same place.</summary>
    public static bool operator ==(Address left, Address right) => Equals(left, right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Address left, Address right) => !Equals(left, right);

    /// <summary>The form of an address that travels.</summary>
    public sealed class AddressSurrogate : ISurrogate
    {
        /// <summary>Such as <c>akka.tcp</c>.</summary>
        public string Protocol { get; set; }

        /// <summary>Name of the system.</summary>
        public string System { get; set; }

        /// <summary>Host, or null.</summary>
        public string Host { get; set; }

        /// <summary>Port, or null.</summary>
        public int? Port { get; set; }

        /// <inheritdoc/>
        public ISurrogated FromSurrogate(ActorSystem system) => new Address(Protocol, System, Host, Port);
    }
}

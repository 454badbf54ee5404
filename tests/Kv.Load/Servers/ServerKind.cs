namespace Kv.Load.Servers;

/// <summary>How to start a server.</summary>
/// <param name="Name">As the table shows it.</param>
/// <param name="Program">The executable.</param>
/// <param name="Arguments">What comes before etcd's flags.</param>
internal sealed record ServerKind(string Name, string Program, string[] Arguments)
{
    /// <summary>Debian's etcd.</summary>
    public static ServerKind Etcd { get; } = new("etcd", "etcd", ["--logger=zap"]);

    /// <summary>The server that an option names: <c>etcd</c>, or the path of a <c>Kv.Gateway.dll</c>.</summary>
    public static ServerKind Of(string name, string option) =>
        option == "etcd" ? Etcd with { Name = name } : new ServerKind(name, "dotnet", [option]);
}

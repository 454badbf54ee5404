using Kv.Testing.Processes;

namespace Kv.Chaos.Servers;

/// <summary>Whose members they are. Both take the same flags.</summary>
internal enum ServerKind
{
    /// <summary>This project's.</summary>
    KvActors,

    /// <summary>etcd: shows that the harness and its judges are right.</summary>
    Etcd,
}

/// <summary>How each kind is started, and where it differs.</summary>
internal static class ServerKinds
{
    /// <summary>The program and its first arguments.</summary>
    /// <param name="kind">Whose.</param>
    /// <param name="build">Kv.Gateway.dll of another build; this one's when left out.</param>
    public static (string Program, string[] Arguments) Start(this ServerKind kind, string? build) =>
        kind == ServerKind.Etcd ? ("etcd", ["--logger=zap"]) : ("dotnet", [build ?? KvServer.Assembly()]);

    /// <summary>Whether a manual progress notice on a watch can be believed: etcd before 3.4.25 sends it ahead of events (etcd 15220).</summary>
    public static bool ProgressIsTrue(this ServerKind kind) => kind != ServerKind.Etcd;

    /// <summary>For the command line.</summary>
    public static ServerKind Parse(string name) => name switch
    {
        "kv" => ServerKind.KvActors,
        "etcd" => ServerKind.Etcd,
        _ => throw new ArgumentException($"'{name}' is neither 'kv' nor 'etcd'"),
    };
}

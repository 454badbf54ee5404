using Kv.Testing.Processes;
using Xunit;

namespace Kv.Interop;

/// <summary>Client libraries of other languages against the real process; their scripts are in Clients/.</summary>
public sealed class LibraryTests
{
    [InteropFact("python:etcd3")]
    public async Task Pythons_etcd3_works_unchanged()
    {
        await using var server = await KvServer.StartAsync();
        var printed = (await Command.RunAsync("/usr/bin/python3", [Script("client.py"), server.Endpoint, Path.Combine(server.Scratch, "py.db")])).Succeeded();
        Assert.EndsWith("status, members, snapshot\n", printed, StringComparison.Ordinal);
    }

    [InteropFact("node:etcd3")]
    public async Task Nodes_etcd3_works_unchanged()
    {
        await using var server = await KvServer.StartAsync();
        var printed = (await Command.RunAsync("node", [Script("client.js"), server.Endpoint])).Succeeded();
        Assert.EndsWith("status, snapshot\n", printed, StringComparison.Ordinal);
    }

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Clients", name);
}

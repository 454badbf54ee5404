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

    [InteropFact("python:etcd3")]
    public async Task A_stop_is_unavailable_to_pythons_streams()
    {
        await using var server = await KvServer.StartAsync();
        var printed = (await Command.RunAsync("/usr/bin/python3", [Script("stop.py"), server.Endpoint, $"{server.Id}"])).Succeeded();
        Assert.Equal("""
            UNAVAILABLE etcdserver: server stopped
            UNAVAILABLE etcdserver: server stopped
            etcd3 knows that the connection failed

            """, printed);
        Assert.Equal(0, await server.EndAsync());
    }

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Clients", name);
}

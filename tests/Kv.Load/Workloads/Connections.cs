using Kv.Load.Http2;
using Kv.Load.Servers;

namespace Kv.Load.Workloads;

/// <summary>Several connections to one server, closed together.</summary>
internal sealed class Connections : List<GrpcConnection>, IDisposable
{
    private Connections()
    {
    }

    /// <summary>Opens <paramref name="count"/> of them, spread over the members of a cluster, the leader first.</summary>
    public static async Task<Connections> OpenAsync(Target server, int count, int streamWindow = int.MaxValue)
    {
        var connections = new Connections();
        try
        {
            for (var i = 0; i < count; i++)
            {
                connections.Add(await GrpcConnection.ConnectAsync(server.Clients[i % server.Clients.Count], streamWindow));
            }
            return connections;
        }
        catch
        {
            connections.Dispose();
            throw;
        }
    }

    /// <summary>Fails <paramref name="counter"/> when one of them breaks.</summary>
    public void FailWhenBroken(Counter counter)
    {
        foreach (var connection in this)
        {
            _ = WatchAsync(connection, counter);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ForEach(static connection => connection.Dispose());

    private static async Task WatchAsync(GrpcConnection connection, Counter counter)
    {
        if (await connection.Ended is { } reason)
        {
            counter.Fail(new IOException("A connection broke.", reason));
        }
    }
}

using System.Net;
using Kv.Testing.Processes;

namespace Kv.Load.Servers;

/// <summary>A server that this program starts and ends: one process, or the members of a cluster.</summary>
internal abstract class StartedServer : Target, IDisposable
{
    /// <summary>Starts one on an empty folder below <paramref name="root"/> and waits until it is ready.</summary>
    /// <param name="kind">What to start.</param>
    /// <param name="root">Where its folder is made.</param>
    /// <param name="members">How many processes; more than one are a cluster.</param>
    /// <exception cref="InvalidOperationException">It ended, or did not answer within a minute.</exception>
    public static async Task<StartedServer> StartAsync(ServerKind kind, string root, int members)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, $"kv-load-{Guid.NewGuid():N}")).FullName;
        var peer = FreeEndPoint();
        StartedServer server = members == 1
            ? new ServerProcess(kind, folder, "default", peer, $"default=http://{peer}")
            : new ServerCluster(kind, folder, members);
        try
        {
            await server.WaitReadyAsync();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>kill -9, then start again, on the same data or none. Does not wait: see <see cref="WaitReadyAsync"/>.</summary>
    public abstract Task RelaunchAsync(bool empty);

    /// <summary>Waits until it can be worked with.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not answer within a minute.</exception>
    public abstract Task WaitReadyAsync();

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>A loopback port that was free a moment ago.</summary>
    protected static IPEndPoint FreeEndPoint() => new(IPAddress.Loopback, FreePorts.Next());
}

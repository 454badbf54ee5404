using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Kv.Gateway.Http;

/// <summary>Kestrel's listeners, bound once the time has come: all else of a server's start, which takes longer, can be done before.</summary>
/// <param name="open">Ends when the node can serve.</param>
/// <param name="options">Kestrel's.</param>
/// <param name="logs">Kestrel's.</param>
internal sealed class DoorsOnTime(Task open, IOptions<SocketTransportOptions> options, ILoggerFactory logs) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, logs);

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        await open.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (endpoint is UnixDomainSocketEndPoint socket)
        {
            File.Delete(socket.ToString());                    // what an earlier run left, as etcd does; the data is this run's alone by now
        }
        return await _sockets.BindAsync(endpoint, cancellationToken).ConfigureAwait(false);
    }
}

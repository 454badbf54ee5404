using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;

namespace Akka.Remote.Wire;

/// <summary>Takes connections. Until a peer has said who it is, it costs a socket, one kilobyte and at most ten seconds, and only so many may be at it at once.</summary>
internal sealed class Listener(Remoting remoting, Socket socket) : IDisposable
{
    private const int MaxUnknown = 512;
    private static readonly TimeSpan s_longestGreeting = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _closed = new();
    private int _unknown;

    public void Start() => _ = AcceptAsync();

    public void Dispose()
    {
        _closed.Cancel();
        socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                var accepted = await socket.AcceptAsync(_closed.Token).ConfigureAwait(false);
                if (Interlocked.Increment(ref _unknown) > MaxUnknown)
                {
                    Interlocked.Decrement(ref _unknown);
                    accepted.Dispose();
                    continue;
                }

                _ = GreetAsync(accepted);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // Out of descriptors, or the connection was gone before it was taken: nothing to do with the listener itself.
                if (_closed.IsCancellationRequested) return;
                remoting.Events.Publish(new RemotingErrorEvent(e));
                await Task.Delay(100).ConfigureAwait(false);
            }
        }
    }

    private async Task GreetAsync(Socket accepted)
    {
        var from = "unknown";
        Stream stream = null;
        Connection connection = null;
        var limit = remoting.TransportSettings.HandshakeTimeout < s_longestGreeting ? remoting.TransportSettings.HandshakeTimeout : s_longestGreeting;
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        timer.CancelAfter(limit);
        try
        {
            from = accepted.RemoteEndPoint?.ToString();
            Sockets.Prepare(remoting.TransportSettings, accepted);
            stream = await remoting.Tls.InboundAsync(new NetworkStream(accepted, ownsSocket: true), from, timer.Token).ConfigureAwait(false);
            var hello = await Greeting.ReadHelloAsync(stream, timer.Token).ConfigureAwait(false);
            if (remoting.Provider.HasAddress(hello.From)) throw new ProtocolException($"It claims our own address [{hello.From}].");
            if (remoting.IsQuarantined(hello.From, hello.Uid))
            {
                await Greeting.SendRefusalAsync(stream, RefuseReason.Quarantined, $"{remoting.DefaultAddress} has quarantined this incarnation", timer.Token).ConfigureAwait(false);
                throw new ProtocolException($"[{hello.From}] with UID [{hello.Uid}] is quarantined.");
            }

            var peer = remoting.AssociationWith(hello.From);
            connection = new Connection(remoting, peer, accepted, stream, hello.Uid, inbound: true, forUs: remoting.Provider.HasAddress(hello.To));
            var answers = await peer.AcceptAsync(connection).ConfigureAwait(false);
            await Greeting.SendWelcomeAsync(stream, remoting.Uid, answers, timer.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (!_closed.IsCancellationRequested) remoting.Log.Debug("A connection from {0} was dropped before it said who it is: {1}", from, timer.IsCancellationRequested ? $"nothing within {limit}" : e.Message);
            if (connection is null)
            {
                if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
                accepted.Dispose();
            }
            else
            {
                connection.Abort(e);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _unknown);
        }

        connection?.Start();
    }
}

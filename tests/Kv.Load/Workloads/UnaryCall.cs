using Kv.Load.Http2;

namespace Kv.Load.Workloads;

/// <summary>One call, awaited: for what a workload does once in a while, not for what it measures by the thousand.</summary>
internal sealed class UnaryCall : ICallHandler
{
    private readonly TaskCompletionSource<byte[]?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _message = [];

    /// <summary>Calls <paramref name="path"/> and returns the response message, or null when the call failed.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="TimeoutException">No answer within a minute.</exception>
    public static async Task<byte[]?> TryAsync(GrpcConnection connection, string path, byte[] request)
    {
        var call = new UnaryCall();
        connection.Start(path, request, call);
        await connection.FlushAsync();
        if (await Task.WhenAny(call._done.Task, connection.Ended).WaitAsync(TimeSpan.FromMinutes(1)) == connection.Ended)
        {
            throw new IOException($"The connection broke under {path}.", await connection.Ended);
        }
        return await call._done.Task;
    }

    /// <summary>Calls <paramref name="path"/> and returns the response message.</summary>
    /// <exception cref="IOException">The call failed, or the connection broke.</exception>
    /// <exception cref="TimeoutException">No answer within a minute.</exception>
    public static async Task<byte[]> CallAsync(GrpcConnection connection, string path, byte[] request) =>
        await TryAsync(connection, path, request) ?? throw new IOException($"{path} failed.");

    /// <inheritdoc/>
    public void OnMessage(GrpcConnection connection, int stream, ReadOnlySpan<byte> message) => _message = message.ToArray();

    /// <inheritdoc/>
    public void OnEnd(GrpcConnection connection, int stream, bool failed) => _done.TrySetResult(failed ? null : _message);
}

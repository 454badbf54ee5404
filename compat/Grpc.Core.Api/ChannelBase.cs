namespace Grpc.Core;

/// <summary>A connection, or several, to one server.</summary>
public abstract class ChannelBase
{
    private int _shutDown;

    /// <summary>For channel implementations.</summary>
    protected ChannelBase(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        Target = target;
    }

    /// <summary>The address the channel was made for.</summary>
    public string Target { get; }

    /// <summary>Something to start calls with.</summary>
    public abstract CallInvoker CreateCallInvoker();

    /// <summary>Ends the channel. Throws <see cref="InvalidOperationException"/> the second time.</summary>
    public Task ShutdownAsync()
        => Interlocked.Exchange(ref _shutDown, 1) == 0 ? ShutdownAsyncCore() : throw new InvalidOperationException("Shutdown has already been called.");

    /// <summary>The implementation of <see cref="ShutdownAsync"/>.</summary>
    protected virtual Task ShutdownAsyncCore() => Task.CompletedTask;

    /// <inheritdoc/>
    public override string ToString() => $"Target = \"{Target}\"";
}

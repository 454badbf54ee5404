namespace Kv.Persistence.Checkpoint;

/// <summary>Is told how long checkpoints took; for metrics. Called on the thread that wrote one.</summary>
public interface ICheckpointObserver
{
    /// <summary>A checkpoint is on disk.</summary>
    /// <param name="total">From its first byte to its name.</param>
    /// <param name="sync">What of this the file's sync took.</param>
    void Saved(TimeSpan total, TimeSpan sync);
}

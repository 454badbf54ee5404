using Kv.Actors.Meters;
using Kv.Persistence.Checkpoint;

namespace Kv.Actors.Node;

/// <summary>What checkpoints cost, as metrics.</summary>
internal sealed class CheckpointMeters(Metrics metrics) : ICheckpointObserver
{
    /// <inheritdoc/>
    public void Saved(TimeSpan total, TimeSpan sync)
    {
        metrics.CheckpointDuration.Record(total);
        metrics.CheckpointFsyncDuration.Record(sync);
    }
}

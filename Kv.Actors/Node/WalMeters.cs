using Akka.Actor;
using Akka.Event;
using Kv.Actors.Meters;
using Kv.Persistence.Wal;

namespace Kv.Actors.Node;

/// <summary>What the log does, as metrics and log lines. Called on the log's own threads.</summary>
internal sealed class WalMeters(Metrics metrics, ActorSystem system) : IWalObserver
{
    private static readonly TimeSpan SlowSync = TimeSpan.FromSeconds(1);
    private readonly ILoggingAdapter _log = Logging.GetLogger(system, nameof(WalMeters));

    /// <inheritdoc/>
    public void Committed(int records, int bytes, TimeSpan write, TimeSpan sync)
    {
        metrics.WalWriteDuration.Record(write);
        metrics.WalFsyncDuration.Record(sync);
        metrics.WalWriteBytes.Add(bytes);
        if (sync > SlowSync)
        {
            _log.Warning("slow fdatasync: took {0} ms", sync.TotalMilliseconds);
        }
    }

    /// <inheritdoc/>
    public void Rolled(long sequence, long sizeBytes) => _log.Info("created a new WAL segment: sequence {0} bytes {1}", sequence, sizeBytes);

    /// <inheritdoc/>
    public void Removed(long sequence) => _log.Info("purged WAL segment: sequence {0}", sequence);

    /// <inheritdoc/>
    public void HousekeepingFailed(Exception error) =>
        _log.Warning("preparing or removing a WAL segment failed; the log goes on until it needs the room: {0}", error.Message);

    /// <inheritdoc/>
    public void Failed(Exception error) => _log.Error(error, "the log failed and takes nothing more: {0}", error.Message);
}

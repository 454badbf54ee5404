using Kv.Actors.Model;
using Kv.Actors.Mvcc;

namespace Kv.Actors.Watch;

/// <summary>A store's root as watches read it. Keeps the root; so free to keep for a short while only.</summary>
public sealed class RootHistory(MvccRoot root) : IWatchHistory
{
    private readonly History _history = root.History;

    /// <inheritdoc/>
    public long CurrentRevision => root.CurrentRevision;

    /// <inheritdoc/>
    public long CompactRevision => root.CompactRevision;

    /// <inheritdoc/>
    public int Count => _history.Count;

    /// <inheritdoc/>
    public KeyVersion this[int index] => _history[index];

    /// <inheritdoc/>
    public int IndexOf(long main) => _history.IndexOf(main);

    /// <inheritdoc/>
    public KeyVersion? Previous(KeyVersion change) => root.Previous(change);
}

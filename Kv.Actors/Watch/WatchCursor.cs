namespace Kv.Actors.Watch;

/// <summary>Where a watcher stands.</summary>
public enum WatchState : byte
{
    /// <summary>Pushed to by the hub.</summary>
    Live,

    /// <summary>Reads history whenever the client reads.</summary>
    Behind,

    /// <summary>Has read all there was and asked the hub to be pushed to from there.</summary>
    Joining,

    /// <summary>Ended by a compaction. Its id stays taken until the client cancels it.</summary>
    Compacted,

    /// <summary>Cancelled.</summary>
    Closed,
}

/// <summary>One watcher of one stream: what it asked for, and the next revision it needs.</summary>
/// <remarks>
/// Its stream owns it. The hub, on another thread, holds it as a name: there it reads <see cref="Spec"/>, which never changes, and
/// keeps its own mark in <see cref="HubMark"/>, which the stream never touches.
/// <code>
///             create, start in the past                      caught up
///  Behind  ◄──────────────────────────────── Behind ──────────────────────► Joining
///     ▲                                                                        │ hub: joined at revision R;
///     │  queue full at revision r: next = r                                    │ (next .. R] is read at once
///     └──────────────────────────────────── Live ◄─────────────────────────────┘
/// </code>
/// </remarks>
public sealed class WatchCursor
{
    internal WatchCursor(long id, WatchSpec spec, long next, WatchState state)
    {
        Id = id;
        Spec = spec;
        Next = next;
        State = state;
    }

    /// <summary>The id on its stream.</summary>
    public long Id { get; }

    /// <summary>What was asked for.</summary>
    public WatchSpec Spec { get; }

    /// <summary>Where it stands.</summary>
    public WatchState State { get; internal set; }

    /// <summary>No event below this revision is sent any more. May lag for a live watcher that nothing happened to.</summary>
    public long Next { get; internal set; }

    /// <summary>Whether an event was sent since the last progress tick.</summary>
    internal bool SawEvent { get; set; }

    /// <summary>Whether the hub has been told of it.</summary>
    internal bool KnownToHub { get; set; }

    /// <summary>Events of the pass under way; null outside one.</summary>
    internal List<EventRef>? Run { get; set; }

    /// <summary>The hub's own.</summary>
    internal object? HubMark { get; set; }
}

namespace Kv.Actors.Watch;

/// <summary>What a response says.</summary>
public enum WatchResponseKind : byte
{
    /// <summary>The watcher exists.</summary>
    Created,

    /// <summary>It was not created; the id is -1 and there is a reason.</summary>
    Refused,

    /// <summary>Events.</summary>
    Events,

    /// <summary>The client cancelled it.</summary>
    Canceled,

    /// <summary>What it needs is compacted; it is no more.</summary>
    Compacted,

    /// <summary>Everything up to the revision was sent; the id is -1 when it holds for the whole stream.</summary>
    Progress,
}

/// <summary>One <c>etcdserverpb.WatchResponse</c>, described: 40 bytes and references to shared batches, whatever it carries.</summary>
/// <remarks>Source: reference, watch semantics §2.</remarks>
public readonly struct WatchResponse
{
    private readonly object? _payload;                     // EventBatch: all of it; EventRun: From and Count of it; string: a reason
    private readonly long _number;

    private WatchResponse(WatchResponseKind kind, long watchId, long number, object? payload = null)
    {
        Kind = kind;
        WatchId = watchId;
        _number = number;
        _payload = payload;
    }

    private WatchResponse(long watchId, long revision, object events, int from, int count, bool prevKv, bool fragment)
        : this(WatchResponseKind.Events, watchId, revision, events)
    {
        From = from;
        Count = count;
        PrevKv = prevKv;
        IsFragment = fragment;
    }

    /// <summary>What it says.</summary>
    public WatchResponseKind Kind { get; }

    /// <summary>More of the same response follows.</summary>
    public bool IsFragment { get; }

    /// <summary>Events carry the version before them.</summary>
    public bool PrevKv { get; }

    /// <summary>Events in it.</summary>
    public int Count { get; }

    /// <summary>The watcher; -1 for refusals and for progress of the whole stream.</summary>
    public long WatchId { get; }

    /// <summary>The header's revision; 0 when compacted.</summary>
    public long Revision => Kind == WatchResponseKind.Compacted ? 0 : _number;

    /// <summary>The compact revision that ended the watcher; 0 otherwise.</summary>
    public long CompactRevision => Kind == WatchResponseKind.Compacted ? _number : 0;

    /// <summary>Why the watcher was refused; empty otherwise.</summary>
    public string CancelReason => _payload as string ?? "";

    /// <summary>Whether <c>created</c> is set.</summary>
    public bool IsCreated => Kind is WatchResponseKind.Created or WatchResponseKind.Refused;

    /// <summary>Whether <c>canceled</c> is set.</summary>
    public bool IsCanceled => Kind is WatchResponseKind.Refused or WatchResponseKind.Canceled or WatchResponseKind.Compacted;

    /// <summary>The batch, when the events are exactly all of one.</summary>
    internal EventBatch? WholeBatch => Count == 0 ? null : _payload as EventBatch is { } batch && batch.Count == Count ? batch : null;

    private int From { get; }

    /// <summary>One of the events.</summary>
    public EventRef this[int index] =>
        _payload is EventRun run ? run.Events[From + index] : new EventRef((EventBatch)_payload!, From + index);

    /// <summary>A watcher was created.</summary>
    public static WatchResponse Created(long watchId, long revision) => new(WatchResponseKind.Created, watchId, revision);

    /// <summary>A watcher was not created.</summary>
    public static WatchResponse Refused(string reason, long revision) => new(WatchResponseKind.Refused, -1, revision, reason);

    /// <summary>The client cancelled.</summary>
    public static WatchResponse Canceled(long watchId, long revision) => new(WatchResponseKind.Canceled, watchId, revision);

    /// <summary>Compaction ended the watcher.</summary>
    public static WatchResponse Compacted(long watchId, long compactRevision) =>
        new(WatchResponseKind.Compacted, watchId, compactRevision);

    /// <summary>Everything up to <paramref name="revision"/> was sent.</summary>
    public static WatchResponse Progress(long watchId, long revision) => new(WatchResponseKind.Progress, watchId, revision);

    /// <summary>All events of one batch.</summary>
    public static WatchResponse Of(long watchId, long revision, EventBatch batch, bool prevKv)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return new(watchId, revision, batch, 0, batch.Count, prevKv, fragment: false);
    }

    /// <summary>The events of a run.</summary>
    public static WatchResponse Of(long watchId, long revision, EventRun run, bool prevKv)
    {
        ArgumentNullException.ThrowIfNull(run);
        return new(watchId, revision, run, 0, run.Events.Length, prevKv, fragment: false);
    }

    /// <summary>A part of the events, as a fragment or as the last one.</summary>
    internal WatchResponse Part(int from, int count, bool fragment) => new(WatchId, _number, _payload!, From + from, count, PrevKv, fragment);
}

/// <summary>Responses that were ready together, in order: written one after another, flushed once.</summary>
/// <param name="Responses">At least one.</param>
public sealed record WatchBunch(WatchResponse[] Responses);

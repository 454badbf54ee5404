using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Watch;

/// <summary>Which events a watcher does not want.</summary>
[Flags]
public enum WatchFilters
{
    /// <summary>It wants all.</summary>
    None = 0,

    /// <summary>No puts.</summary>
    NoPut = 1,

    /// <summary>No deletes.</summary>
    NoDelete = 2,
}

/// <summary>What a client asked of one watcher. Immutable.</summary>
/// <remarks>Source: reference, watch semantics §1.1.</remarks>
public sealed record WatchSpec
{
    private static readonly byte[] FirstKey = [0];

    /// <summary>The keys watched.</summary>
    public required KeyRange Range { get; init; }

    /// <summary>0 is from the next revision on; R &gt; 0 is every event with a revision of at least R; negative is refused.</summary>
    public long StartRevision { get; init; }

    /// <summary>The id asked for; 0 lets the stream choose. Any other value, negative ones too, is used as it is.</summary>
    public long WatchId { get; init; }

    /// <summary>Events to leave out.</summary>
    public WatchFilters Filters { get; init; }

    /// <summary>Each event carries the version before it.</summary>
    public bool PrevKv { get; init; }

    /// <summary>A big response may be split.</summary>
    public bool Fragment { get; init; }

    /// <summary>Progress is reported while nothing happens.</summary>
    public bool ProgressNotify { get; init; }

    /// <summary>Reads a create request: an empty key stands for the key 00, and filters that are not known are passed over.</summary>
    public static WatchSpec Of(WatchCreateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var filters = WatchFilters.None;
        foreach (var filter in request.Filters)
        {
            filters |= filter switch
            {
                WatchCreateRequest.Types.FilterType.Noput => WatchFilters.NoPut,
                WatchCreateRequest.Types.FilterType.Nodelete => WatchFilters.NoDelete,
                _ => WatchFilters.None,
            };
        }
        return new WatchSpec
        {
            Range = new KeyRange(request.Key.IsEmpty ? FirstKey : request.Key.ToByteArray(), request.RangeEnd.ToByteArray()),
            StartRevision = request.StartRevision,
            WatchId = request.WatchId,
            Filters = filters,
            PrevKv = request.PrevKv,
            Fragment = request.Fragment,
            ProgressNotify = request.ProgressNotify,
        };
    }

    /// <summary>Whether the filters let <paramref name="change"/> through; its key and revision are not looked at.</summary>
    public bool Wants(KeyVersion change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return (Filters & (change.IsTombstone ? WatchFilters.NoDelete : WatchFilters.NoPut)) == 0;
    }
}

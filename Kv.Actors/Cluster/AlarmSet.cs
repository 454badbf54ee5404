using System.Collections.Immutable;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Cluster;

/// <summary>The alarms that are raised, by member and kind. Immutable: raising or clearing gives a new set.</summary>
/// <remarks>Source: reference, alarms. The member id is free, 0 included; an alarm is never cleared by itself.</remarks>
public sealed class AlarmSet
{
    /// <summary>No alarm.</summary>
    public static readonly AlarmSet Empty = new(ImmutableSortedSet<(ulong, int)>.Empty);

    private readonly ImmutableSortedSet<(ulong Member, int Kind)> _raised;

    private AlarmSet(ImmutableSortedSet<(ulong Member, int Kind)> raised)
    {
        _raised = raised;
        HasNoSpace = raised.Any(static alarm => alarm.Kind == (int)AlarmType.Nospace);
        HasCorrupt = raised.Any(static alarm => alarm.Kind == (int)AlarmType.Corrupt);
    }

    /// <summary>Some member is out of space: puts and grants are refused.</summary>
    public bool HasNoSpace { get; }

    /// <summary>Some member's data is corrupt: every write is refused.</summary>
    public bool HasCorrupt { get; }

    /// <summary>How many are raised.</summary>
    public int Count => _raised.Count;

    /// <summary>All of them, by member then kind.</summary>
    public IEnumerable<AlarmMember> All => Of(AlarmType.None);

    /// <summary>Those of one kind, or all for <see cref="AlarmType.None"/>.</summary>
    public IEnumerable<AlarmMember> Of(AlarmType kind) =>
        _raised.Where(alarm => kind == AlarmType.None || alarm.Kind == (int)kind)
            .Select(static alarm => new AlarmMember { MemberID = alarm.Member, Alarm = (AlarmType)alarm.Kind });

    /// <summary>The set with this alarm in it.</summary>
    public AlarmSet Raise(NodeId member, AlarmType kind) => new(_raised.Add((member.Value, (int)kind)));

    /// <summary>The set without this alarm.</summary>
    public AlarmSet Clear(NodeId member, AlarmType kind) => new(_raised.Remove((member.Value, (int)kind)));

    /// <summary>Whether this alarm is raised.</summary>
    public bool Contains(NodeId member, AlarmType kind) => _raised.Contains((member.Value, (int)kind));
}

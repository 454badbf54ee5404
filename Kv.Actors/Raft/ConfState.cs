using System.Collections.Immutable;

namespace Kv.Actors.Raft;

/// <summary>Who takes part. Immutable; every list is sorted and free of repeats.</summary>
/// <remarks>
/// In a joint configuration (<see cref="IsJoint"/>) a decision needs a majority of <see cref="Voters"/> and one of
/// <see cref="VotersOutgoing"/> (Raft paper §6). A voter about to become a learner waits in <see cref="LearnersNext"/> until
/// the joint configuration is left.
/// </remarks>
public sealed class ConfState : IEquatable<ConfState>
{
    /// <summary>Takes the lists in any order.</summary>
    public ConfState(
        IEnumerable<ulong> voters,
        IEnumerable<ulong>? learners = null,
        IEnumerable<ulong>? votersOutgoing = null,
        IEnumerable<ulong>? learnersNext = null,
        bool autoLeave = false)
    {
        Voters = [.. voters.Distinct().Order()];
        Learners = [.. (learners ?? []).Distinct().Order()];
        VotersOutgoing = [.. (votersOutgoing ?? []).Distinct().Order()];
        LearnersNext = [.. (learnersNext ?? []).Distinct().Order()];
        AutoLeave = autoLeave;
        AllVoters = VotersOutgoing.IsEmpty ? Voters : [.. Voters.Union(VotersOutgoing).Order()];
        Members = [.. AllVoters.Union(Learners).Order()];
    }

    /// <summary>Nobody: a node that has yet to learn its membership.</summary>
    public static ConfState Empty { get; } = new([]);

    /// <summary>The voters; in a joint configuration the incoming ones.</summary>
    public ImmutableArray<ulong> Voters { get; }

    /// <summary>The voters of the configuration being left; empty unless joint.</summary>
    public ImmutableArray<ulong> VotersOutgoing { get; }

    /// <summary>Those who receive the log without a vote.</summary>
    public ImmutableArray<ulong> Learners { get; }

    /// <summary>Outgoing voters that become learners when the joint configuration is left.</summary>
    public ImmutableArray<ulong> LearnersNext { get; }

    /// <summary>The leader leaves the joint configuration by itself.</summary>
    public bool AutoLeave { get; }

    /// <summary>Voters of either half.</summary>
    public ImmutableArray<ulong> AllVoters { get; }

    /// <summary>Everyone who receives the log.</summary>
    public ImmutableArray<ulong> Members { get; }

    /// <summary>Between two configurations.</summary>
    public bool IsJoint => !VotersOutgoing.IsEmpty;

    /// <summary>Whether the node votes in either half.</summary>
    public bool IsVoter(ulong id) => AllVoters.BinarySearch(id) >= 0;

    /// <summary>Whether the node receives the log.</summary>
    public bool IsMember(ulong id) => Members.BinarySearch(id) >= 0;

    /// <inheritdoc/>
    public bool Equals(ConfState? other) => other is not null
        && AutoLeave == other.AutoLeave
        && Voters.AsSpan().SequenceEqual(other.Voters.AsSpan())
        && VotersOutgoing.AsSpan().SequenceEqual(other.VotersOutgoing.AsSpan())
        && Learners.AsSpan().SequenceEqual(other.Learners.AsSpan())
        && LearnersNext.AsSpan().SequenceEqual(other.LearnersNext.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ConfState);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var id in Members) hash.Add(id);
        hash.Add(AutoLeave);
        return hash.ToHashCode();
    }

    /// <summary>For example <c>voters (1 2)&amp;(1 3) learners (4) next (3) autoleave</c>.</summary>
    public override string ToString()
    {
        var text = $"voters ({string.Join(' ', Voters)})";
        if (IsJoint) text += $"&({string.Join(' ', VotersOutgoing)})";
        if (!Learners.IsEmpty) text += $" learners ({string.Join(' ', Learners)})";
        if (!LearnersNext.IsEmpty) text += $" next ({string.Join(' ', LearnersNext)})";
        return AutoLeave ? text + " autoleave" : text;
    }
}

using System.Collections.Immutable;

namespace Kv.Actors.Raft;

/// <summary>Everyone in the configuration: how far they are, and how they voted.</summary>
/// <remarks>Members are always walked in order of id: the order of messages must not depend on a hash.</remarks>
public sealed class ProgressTracker(RaftConfig config)
{
    private readonly Dictionary<ulong, Progress> _byId = [];
    private readonly Dictionary<ulong, bool> _votes = [];
    private Progress[] _all = [];

    /// <summary>The configuration in force.</summary>
    public ConfState Conf { get; private set; } = ConfState.Empty;

    /// <summary>All members by id.</summary>
    public ReadOnlySpan<Progress> All => _all;

    /// <summary>Whether exactly this node decides alone.</summary>
    public bool IsSingleton => !Conf.IsJoint && Conf.Voters.Length == 1 && Conf.Voters[0] == config.Id;

    /// <summary>Whether there is anyone to send to.</summary>
    public bool HasOthers => _all.Length > 1 || (_all.Length == 1 && _all[0].Id != config.Id);

    /// <summary>A member's progress, or null if it is not a member.</summary>
    public Progress? Find(ulong id) => _byId.GetValueOrDefault(id);

    /// <summary>Takes a new configuration: keeps who stays, drops who left, starts who is new as active at the end of the log.</summary>
    public void Switch(ConfState conf, ulong lastIndex)
    {
        var all = new Progress[conf.Members.Length];
        for (var i = 0; i < all.Length; i++)
        {
            var id = conf.Members[i];
            var isLearner = !conf.IsVoter(id);
            if (!_byId.TryGetValue(id, out var progress))
            {
                // New ones count as active, or a leader could step down before they had a chance to answer.
                progress = new Progress(id, Math.Max(lastIndex, 1), isLearner, config) { RecentActive = true };
            }

            progress.IsLearner = isLearner;
            all[i] = progress;
        }

        _byId.Clear();
        foreach (var progress in all) _byId.Add(progress.Id, progress);
        _all = all;
        Conf = conf;
    }

    /// <summary>The highest index that a quorum has acknowledged.</summary>
    public ulong CommittedIndex() => Math.Min(
        Reached(Conf.Voters, static p => p.Match),
        Reached(Conf.VotersOutgoing, static p => p.Match));

    /// <summary>The latest batch of reads that a quorum has confirmed.</summary>
    public ulong ConfirmedReads() => Math.Min(
        Reached(Conf.Voters, p => p.Id == config.Id ? ulong.MaxValue : p.ReadPosition),
        Reached(Conf.VotersOutgoing, p => p.Id == config.Id ? ulong.MaxValue : p.ReadPosition));

    /// <summary>Whether a quorum, counting this node itself, has been heard from since the last check.</summary>
    public bool IsQuorumActive()
    {
        return Quorum.Joint(Active(Conf.Voters), Active(Conf.VotersOutgoing)) == VoteResult.Won;

        VoteResult Active(ImmutableArray<ulong> voters)
        {
            var active = 0;
            foreach (var id in voters)
            {
                if (id == config.Id || (Find(id)?.RecentActive ?? false)) active++;
            }

            return Quorum.Count(voters.Length, active, voters.Length - active);
        }
    }

    /// <summary>Begins a new count.</summary>
    public void ResetVotes() => _votes.Clear();

    /// <summary>Notes an answer; the first one of a voter stands.</summary>
    public void RecordVote(ulong id, bool granted) => _votes.TryAdd(id, granted);

    /// <summary>What the answers amount to.</summary>
    public VoteResult Tally()
    {
        return Quorum.Joint(Count(Conf.Voters), Count(Conf.VotersOutgoing));

        VoteResult Count(ImmutableArray<ulong> voters)
        {
            var (yes, no) = (0, 0);
            foreach (var id in voters)
            {
                if (!_votes.TryGetValue(id, out var granted)) continue;
                if (granted) yes++;
                else no++;
            }

            return Quorum.Count(voters.Length, yes, no);
        }
    }

    private ulong Reached(ImmutableArray<ulong> voters, Func<Progress, ulong> value)
    {
        Span<ulong> values = voters.Length <= 16 ? stackalloc ulong[voters.Length] : new ulong[voters.Length];
        for (var i = 0; i < values.Length; i++) values[i] = Find(voters[i]) is { } progress ? value(progress) : 0;
        return Quorum.Reached(values);
    }
}

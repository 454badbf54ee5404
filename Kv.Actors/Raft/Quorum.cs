namespace Kv.Actors.Raft;

/// <summary>What the votes so far amount to.</summary>
public enum VoteResult : byte
{
    /// <summary>Could still go either way.</summary>
    Pending,

    /// <summary>A quorum said no, or cannot say yes any more.</summary>
    Lost,

    /// <summary>A quorum said yes.</summary>
    Won,
}

/// <summary>Majorities, and pairs of them.</summary>
public static class Quorum
{
    /// <summary>How many of <paramref name="count"/> voters decide.</summary>
    public static int Size(int count) => (count / 2) + 1;

    /// <summary>The highest value that a majority has reached. No voters at all have reached everything.</summary>
    /// <param name="values">One for each voter; sorted in place. O(n²), for the handful of voters there are.</param>
    /// <remarks>Example: 5 7 2 → 5, since two of the three are at 5 or above.</remarks>
    public static ulong Reached(Span<ulong> values)
    {
        if (values.IsEmpty) return ulong.MaxValue;
        for (var i = 1; i < values.Length; i++)
        {
            var value = values[i];
            var j = i - 1;
            for (; j >= 0 && values[j] < value; j--) values[j + 1] = values[j];
            values[j + 1] = value;
        }

        return values[Size(values.Length) - 1];
    }

    /// <summary>The outcome among <paramref name="voters"/> voters. No voters at all agree with everything.</summary>
    public static VoteResult Count(int voters, int yes, int no)
    {
        if (voters == 0 || yes >= Size(voters)) return VoteResult.Won;
        return voters - no < Size(voters) ? VoteResult.Lost : VoteResult.Pending;
    }

    /// <summary>The outcome of a joint configuration: won if both halves are won, lost if either is lost.</summary>
    public static VoteResult Joint(VoteResult incoming, VoteResult outgoing) =>
        incoming == VoteResult.Lost || outgoing == VoteResult.Lost ? VoteResult.Lost
        : incoming == VoteResult.Won && outgoing == VoteResult.Won ? VoteResult.Won
        : VoteResult.Pending;
}

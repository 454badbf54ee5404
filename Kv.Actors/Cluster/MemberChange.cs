using System.Collections.Immutable;
using System.Text.Json;
using Kv.Actors.Model;

namespace Kv.Actors.Cluster;

/// <summary>One change of the membership, as it is proposed and judged. <c>Apply/MemberChanges.cs</c> puts it into the log's words.</summary>
/// <param name="Id">The member that it is about.</param>
public abstract record MemberChange(NodeId Id)
{
    /// <summary>Learners allowed where nobody said otherwise, as etcd's flag has it.</summary>
    public const int DefaultMaxLearners = 1;

    /// <summary>A new member.</summary>
    /// <param name="Member">As it is to be listed; its name is empty unless it founds the cluster.</param>
    /// <param name="MaxLearners">
    /// The limit of the member that proposed it. It travels in the entry, so that members whose flags differ come to one verdict;
    /// etcd looks at each member's own flag and asks operators to keep them equal.
    /// </param>
    public sealed record Add(ClusterMember Member, int MaxLearners = DefaultMaxLearners) : MemberChange(Member.Id);

    /// <summary>A learner gets its vote.</summary>
    public sealed record Promote(NodeId Id) : MemberChange(Id);

    /// <summary>A member leaves, for ever.</summary>
    public sealed record Remove(NodeId Id) : MemberChange(Id);

    /// <summary>A member moves to other peer URLs.</summary>
    public sealed record Update(NodeId Id, ImmutableArray<string> PeerUrls) : MemberChange(Id);

    /// <summary>Nothing that can be read: an entry whose bytes say nothing about a member. Refused.</summary>
    public sealed record Unreadable(NodeId Id) : MemberChange(Id);

    /// <summary>The context of the entry: a member's record in etcd's field names, with etcd's <c>isPromote</c> and our <c>maxLearners</c>.</summary>
    public byte[] ToContext() => this switch
    {
        Add add => Json(add.Member.Record() with { MaxLearners = add.Member.IsLearner ? add.MaxLearners : null }),
        Promote => Json(new MemberRecord(Id.Value, null) { IsPromote = true }),
        Update update => Json(new MemberRecord(Id.Value, update.PeerUrls)),
        _ => [],
    };

    /// <summary>Reads an addition or a promotion. An addition without a context is one of etcd's old promotions.</summary>
    public static MemberChange ReadAdd(NodeId id, bool isLearner, ReadOnlySpan<byte> context)
    {
        if (context.IsEmpty)
        {
            return isLearner ? new Unreadable(id) : new Promote(id);
        }
        if (Parse(context) is not { } read)
        {
            return new Unreadable(id);
        }
        return read.IsPromote == true
            ? new Promote(id)
            : new Add(ClusterMember.From(read) with { Id = id, IsLearner = isLearner }, read.MaxLearners ?? DefaultMaxLearners);
    }

    /// <summary>Reads a change of peer URLs.</summary>
    public static MemberChange ReadUpdate(NodeId id, ReadOnlySpan<byte> context) =>
        Parse(context) is { PeerUrls: { } urls } ? new Update(id, [.. urls]) : new Unreadable(id);

    private static byte[] Json(MemberRecord record) => MemberRecord.Bytes(record.Write);

    private static MemberRecord? Parse(ReadOnlySpan<byte> context)
    {
        try
        {
            return MemberRecord.Read(MemberRecord.Parse(context));
        }
        catch (JsonException)
        {
            return null;                                       // every member reads the same bytes and refuses them alike
        }
    }
}

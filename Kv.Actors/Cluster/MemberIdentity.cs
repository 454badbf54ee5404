using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Kv.Actors.Model;

namespace Kv.Actors.Cluster;

/// <summary>Who a data directory belongs to. Written once, before the log begins; so a later start needs no flags of the first one.</summary>
/// <remarks><code>
///  {"member":"8211f1d0f64f3269","cluster":"ef37ad9dc622a7c4","founders":[{"id":…,"peerURLs":[…],"name":"a"}],"known":[…],"removed":true}
/// </code></remarks>
/// <param name="Member">The member's id.</param>
/// <param name="Cluster">The cluster's id.</param>
/// <param name="Founders">The members a new cluster's log begins with; empty for a member that joined.</param>
/// <param name="Known">The members that one that joined was told of.</param>
/// <param name="Removed">It was removed from its cluster, and may not start again.</param>
public sealed record MemberIdentity(
    NodeId Member, ClusterId Cluster, ImmutableArray<ClusterMember> Founders, ImmutableArray<ClusterMember> Known, bool Removed = false)
{
    /// <summary>The file's content.</summary>
    public byte[] ToJson() => MemberRecord.Bytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("member", Member.ToString());
        json.WriteString("cluster", Cluster.ToString());
        Write(json, "founders", Founders);
        Write(json, "known", Known);
        if (Removed)
        {
            json.WriteBoolean("removed", true);
        }
        json.WriteEndObject();
    });

    /// <summary>Reads it back.</summary>
    /// <exception cref="JsonException">It is not such a file's content.</exception>
    public static MemberIdentity FromJson(ReadOnlySpan<byte> json)
    {
        var read = MemberRecord.Parse(json);
        return new MemberIdentity(
            new NodeId(Id(read, "member")), new ClusterId(Id(read, "cluster")), Members(read, "founders") ?? throw new JsonException("An identity without founders."),
            Members(read, "known") ?? [], MemberRecord.Flag(read, "removed") ?? false);
    }

    private static void Write(Utf8JsonWriter json, string name, ImmutableArray<ClusterMember> members)
    {
        json.WriteStartArray(name);
        foreach (var member in members)
        {
            member.Record().Write(json);
        }
        json.WriteEndArray();
    }

    private static ulong Id(JsonElement json, string name) =>
        ulong.TryParse(MemberRecord.Text(MemberRecord.Field(json, name, JsonValueKind.String)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw new JsonException($"{name} is no id.");

    private static ImmutableArray<ClusterMember>? Members(JsonElement json, string name) =>
        MemberRecord.Field(json, name, JsonValueKind.Array) is { } members
            ? [.. members.EnumerateArray().Select(static member => ClusterMember.From(MemberRecord.Read(member)))]
            : null;

    /// <inheritdoc/>
    public bool Equals(MemberIdentity? other) => other is not null && ToJson().AsSpan().SequenceEqual(other.ToJson());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Member, Cluster, Removed);
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
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
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(
        new IdentityJson(
            Member.ToString(), Cluster.ToString(), [.. Founders.Select(Record)], [.. Known.Select(Record)], Removed ? true : null),
        IdentityJsonContext.Default.IdentityJson);

    /// <summary>Reads it back.</summary>
    /// <exception cref="JsonException">It is not such a file's content.</exception>
    public static MemberIdentity FromJson(ReadOnlySpan<byte> json)
    {
        var read = JsonSerializer.Deserialize(json, IdentityJsonContext.Default.IdentityJson) ?? throw new JsonException("The identity is the JSON value null.");
        return new MemberIdentity(
            new NodeId(Id(read.Member)), new ClusterId(Id(read.Cluster)), [.. read.Founders.Select(Member)], [.. (read.Known ?? []).Select(Member)], read.Removed ?? false);

        static ClusterMember Member(JsonElement record) => ClusterMember.FromJson(JsonSerializer.SerializeToUtf8Bytes(record, IdentityJsonContext.Default.JsonElement));
        static ulong Id(string text) => ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) ? id : throw new JsonException($"{text} is no id");
    }

    private static JsonElement Record(ClusterMember member) => JsonSerializer.Deserialize(member.ToJson(), IdentityJsonContext.Default.JsonElement);

    /// <inheritdoc/>
    public bool Equals(MemberIdentity? other) => other is not null && ToJson().AsSpan().SequenceEqual(other.ToJson());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Member, Cluster, Removed);
}

internal sealed record IdentityJson(
    [property: JsonPropertyName("member")] string Member,
    [property: JsonPropertyName("cluster")] string Cluster,
    [property: JsonPropertyName("founders")] JsonElement[] Founders,
    [property: JsonPropertyName("known")] JsonElement[]? Known,
    [property: JsonPropertyName("removed"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Removed);

[JsonSerializable(typeof(IdentityJson))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class IdentityJsonContext : JsonSerializerContext;

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Kv.Actors.Model;

namespace Kv.Actors.Cluster;

/// <summary>How members and clusters get their ids: etcd's rule, so that the same flags give the same ids.</summary>
/// <remarks>One member at <c>http://127.0.0.1:23800</c> with the token <c>etcd-cluster</c> is member 2e1259d415f2a040 of cluster 48276a8f75b6a87.</remarks>
public static class MemberIds
{
    /// <summary>
    /// Id of a member that founds a cluster: the first 8 bytes, big-endian, of SHA-1 over its sorted peer URLs, joined without
    /// a separator, and the cluster's token.
    /// </summary>
    public static NodeId Founding(IEnumerable<string> peerUrls, string token) => new(FirstBytes(Joined(peerUrls) + token));

    /// <summary>Id of a member added later: SHA-1 over its sorted peer URLs and the time in Unix seconds where the call was answered.</summary>
    public static NodeId Added(IEnumerable<string> peerUrls, long unixSeconds) =>
        new(FirstBytes(Joined(peerUrls) + unixSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Id of a cluster: SHA-1 over its founders' ids in ascending order, 8 bytes big-endian each. Fixed for the cluster's life.</summary>
    public static ClusterId Cluster(IEnumerable<NodeId> founders)
    {
        ArgumentNullException.ThrowIfNull(founders);
        var ids = founders.Select(f => f.Value).Order().ToArray();
        var bytes = new byte[8 * ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8 * i), ids[i]);
        }

        return new ClusterId(FirstBytes(bytes));
    }

    private static string Joined(IEnumerable<string> peerUrls)
    {
        ArgumentNullException.ThrowIfNull(peerUrls);
        return string.Concat(peerUrls.Order(StringComparer.Ordinal));
    }

    private static ulong FirstBytes(string text) => FirstBytes(Encoding.UTF8.GetBytes(text));

    private static ulong FirstBytes(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // An id, not a secret: etcd's ids are the first bytes of a SHA-1, and ours have to be the same.
        SHA1.HashData(bytes, hash);
#pragma warning restore CA5350
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}

using System.Runtime.InteropServices;
using Google.Protobuf;
using Kv.Actors.Model;
using Kv.Actors.Mvcc;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Mvccpb;

namespace Kv.Actors.Apply;

/// <summary>Between the client API's messages and the store's own values. Bytes change hands without copies where they can.</summary>
public static class KvProto
{
    /// <summary>The array behind <paramref name="bytes"/>, or a copy where it is part of a larger one.</summary>
    /// <remarks>A parsed message owns its arrays alone and nobody changes a ByteString, so taking the array over is safe.</remarks>
    public static byte[] Take(ByteString bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return MemoryMarshal.TryGetArray(bytes.Memory, out var segment)
            && segment is { Offset: 0, Array: { } array } && segment.Count == array.Length
            ? array
            : bytes.ToByteArray();
    }

    /// <summary>Shows <paramref name="bytes"/>, which nobody changes any more, as a ByteString without copying them.</summary>
    public static ByteString Wrap(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return bytes.Length == 0 ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(bytes);
    }

    /// <summary>The range that <c>key</c> and <c>range_end</c> select.</summary>
    public static KeyRange RangeOf(ByteString key, ByteString rangeEnd)
    {
        ArgumentNullException.ThrowIfNull(rangeEnd);
        return new KeyRange(Take(key), rangeEnd.IsEmpty ? null : Take(rangeEnd));
    }

    /// <summary>A version as a message, sharing its bytes.</summary>
    public static KeyValue ToKeyValue(KeyVersion version, bool keysOnly = false)
    {
        ArgumentNullException.ThrowIfNull(version);
        return new KeyValue
        {
            Key = Wrap(version.Key),
            CreateRevision = version.CreateRevision,
            ModRevision = version.ModRevision,
            Version = version.Version,
            Value = keysOnly ? ByteString.Empty : Wrap(version.Value),
            Lease = version.Lease.Value,
        };
    }

    /// <summary>A range request as a query. Undefined sort numbers, which checks refuse, count as none and key.</summary>
    public static RangeQuery QueryOf(RangeRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var order = (RangeOrder)(int)request.SortOrder;
        var target = (RangeTarget)(int)request.SortTarget;
        return new RangeQuery(RangeOf(request.Key, request.RangeEnd))
        {
            Revision = request.Revision,
            Limit = request.Limit,
            Order = order is RangeOrder.Ascend or RangeOrder.Descend ? order : RangeOrder.None,
            Target = target is > RangeTarget.Key and <= RangeTarget.Value ? target : RangeTarget.Key,
            CountOnly = request.CountOnly,
            MinModRevision = request.MinModRevision,
            MaxModRevision = request.MaxModRevision,
            MinCreateRevision = request.MinCreateRevision,
            MaxCreateRevision = request.MaxCreateRevision,
        };
    }

    /// <summary>A range's answer as a message; the header holds the revision only.</summary>
    public static RangeResponse ToResponse(RangeResult result, bool keysOnly)
    {
        ArgumentNullException.ThrowIfNull(result);
        var response = new RangeResponse
        {
            Header = new ResponseHeader { Revision = result.Revision },
            Count = result.Count,
            More = result.More,
        };
        response.Kvs.Capacity = result.Kvs.Length;
        foreach (var kv in result.Kvs)
        {
            response.Kvs.Add(ToKeyValue(kv, keysOnly));
        }
        return response;
    }
}

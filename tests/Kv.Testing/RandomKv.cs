using Google.Protobuf;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Testing;

/// <summary>Random key-value requests over few keys, so that they meet each other. The same seed gives the same requests.</summary>
/// <param name="seed">Printed by every test that uses it.</param>
public sealed class RandomKv(int seed)
{
    private static readonly byte[] Alphabet = [0, (byte)'a', (byte)'b', (byte)'c', 255];

    /// <summary>The source, for choices of the test itself.</summary>
    public Random Random { get; } = new(seed);

    /// <summary>Lease ids drawn from, 1 to this.</summary>
    public int Leases { get; init; } = 3;

    /// <summary>A key of one to three bytes.</summary>
    public ByteString Key() => Bytes(1, 3);

    /// <summary>No end, an end, or the from-key mark.</summary>
    public ByteString RangeEnd() => Random.Next(4) switch
    {
        0 => ByteString.Empty,
        1 => ByteString.CopyFrom(0),
        _ => Bytes(1, 3),
    };

    /// <summary>A put with any combination of options, valid or not as to state.</summary>
    public PutRequest Put()
    {
        var request = new PutRequest
        {
            Key = Key(),
            PrevKv = Chance(2),
            IgnoreLease = Chance(8),
            IgnoreValue = Chance(8),
        };
        request.Value = request.IgnoreValue ? ByteString.Empty : Bytes(0, 4);
        request.Lease = request.IgnoreLease || Chance(2) ? 0 : Random.Next(1, Leases + 1);
        return request;
    }

    /// <summary>A delete of a key or a range.</summary>
    public DeleteRangeRequest Delete() => new() { Key = Key(), RangeEnd = Chance(2) ? ByteString.Empty : RangeEnd(), PrevKv = Chance(2) };

    /// <summary>A range with any combination of options.</summary>
    /// <param name="maxRevision">Revisions up to a little above this are asked for.</param>
    public RangeRequest Range(long maxRevision) => new()
    {
        Key = Chance(3) ? ByteString.CopyFrom(0) : Key(),
        RangeEnd = RangeEnd(),
        Revision = Chance(2) ? 0 : Random.NextInt64(-1, maxRevision + 2),
        Limit = Chance(2) ? 0 : Random.Next(-1, 8),
        SortOrder = (RangeRequest.Types.SortOrder)Random.Next(3),
        SortTarget = (RangeRequest.Types.SortTarget)Random.Next(5),
        KeysOnly = Chance(4),
        CountOnly = Chance(6),
        MinModRevision = Bound(maxRevision),
        MaxModRevision = Bound(maxRevision),
        MinCreateRevision = Bound(maxRevision),
        MaxCreateRevision = Bound(maxRevision),
    };

    /// <summary>A transaction, nested up to <paramref name="depth"/> deep. May break the static rules: check it first.</summary>
    public TxnRequest Txn(long maxRevision, int depth = 2)
    {
        var txn = new TxnRequest();
        for (var i = Random.Next(3); i > 0; i--)
        {
            txn.Compare.Add(Compare(maxRevision));
        }
        for (var i = Random.Next(4); i > 0; i--)
        {
            txn.Success.Add(Op(maxRevision, depth));
        }
        for (var i = Random.Next(4); i > 0; i--)
        {
            txn.Failure.Add(Op(maxRevision, depth));
        }
        return txn;
    }

    /// <summary>True once in <paramref name="n"/> times.</summary>
    public bool Chance(int n) => Random.Next(n) == 0;

    private RequestOp Op(long maxRevision, int depth) => Random.Next(depth > 0 ? 6 : 5) switch
    {
        0 or 1 => new RequestOp { RequestPut = Put() },
        2 => new RequestOp { RequestDeleteRange = Delete() },
        3 or 4 => new RequestOp { RequestRange = Range(maxRevision) },
        _ => new RequestOp { RequestTxn = Txn(maxRevision, depth - 1) },
    };

    private Compare Compare(long maxRevision)
    {
        var compare = new Compare
        {
            Key = Key(),
            RangeEnd = Chance(2) ? ByteString.Empty : RangeEnd(),
            Result = (Compare.Types.CompareResult)Random.Next(5),
            Target = (Compare.Types.CompareTarget)Random.Next(6),
        };
        switch (Random.Next(6))
        {
            case 0:
                compare.Version = Random.Next(3);
                break;
            case 1:
                compare.CreateRevision = Random.NextInt64(maxRevision + 1);
                break;
            case 2:
                compare.ModRevision = Random.NextInt64(maxRevision + 1);
                break;
            case 3:
                compare.Value = Bytes(0, 2);
                break;
            case 4:
                compare.Lease = Random.Next(Leases + 1);
                break;
        }
        return compare;
    }

    private long Bound(long maxRevision) => Chance(8) ? Random.NextInt64(maxRevision + 2) : 0;

    private ByteString Bytes(int min, int max)
    {
        var bytes = new byte[Random.Next(min, max + 1)];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = Alphabet[Random.Next(Alphabet.Length)];
        }
        return ByteString.CopyFrom(bytes);
    }
}

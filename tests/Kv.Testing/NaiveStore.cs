using System.Text;
using Google.Protobuf;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Mvccpb;

namespace Kv.Testing;

/// <summary>The model of the key-value store: a full copy of all keys for every revision, and plain loops over them.</summary>
/// <remarks>
/// Speaks the client API's messages, so any implementation can be held against it; headers hold the revision only. Keys are kept
/// as Latin-1 strings compared by ordinal, which is the order of their bytes.
/// </remarks>
public sealed class NaiveStore
{
    private readonly List<SortedDictionary<string, KeyValue>> _states = [Empty(), Empty()];      // by main revision
    private readonly List<NaiveRecord> _records = [];

    /// <summary>Leases that exist; tests add and remove.</summary>
    public HashSet<long> Leases { get; } = [];

    /// <summary>Newest main revision.</summary>
    public long CurrentRevision => _states.Count - 1;

    /// <summary>Last compaction, -1 if there was none.</summary>
    public long CompactRevision { get; private set; } = -1;

    /// <summary>Every change ever made, in revision order.</summary>
    public IReadOnlyList<NaiveRecord> Records => _records;

    /// <summary>The keys attached to a lease now, in order.</summary>
    public IEnumerable<string> KeysOf(long lease) => _states[^1].Values.Where(kv => kv.Lease == lease).Select(kv => Text(kv.Key));

    /// <summary>All live keys at a revision, whatever was compacted.</summary>
    public IReadOnlyDictionary<string, KeyValue> At(long revision) => _states[(int)revision];

    /// <summary>Reads a range.</summary>
    public Outcome<RangeResponse> Range(RangeRequest request) => Range(request, _states[^1], CurrentRevision);

    /// <summary>Puts a key.</summary>
    public Outcome<PutResponse> Put(PutRequest request)
    {
        if (CheckPut(request, _states[^1]) is var error && error != KvError.None)
        {
            return error;
        }
        var write = new Write(this);
        var response = write.Put(request);
        write.End();
        return response;
    }

    /// <summary>Deletes a range.</summary>
    public DeleteRangeResponse DeleteRange(DeleteRangeRequest request)
    {
        var write = new Write(this);
        var response = write.Delete(request);
        write.End();
        return response;
    }

    /// <summary>Runs a transaction that passes the static checks.</summary>
    public Outcome<TxnResponse> Txn(TxnRequest request)
    {
        if (CheckTxn(request) is var error && error != KvError.None)
        {
            return error;
        }
        var before = _states[^1];
        var write = new Write(this);
        var response = write.Run(request, before);
        write.End();
        response.Header.Revision = CurrentRevision;
        return response;
    }

    /// <summary>Compacts.</summary>
    public KvError Compact(long revision)
    {
        if (revision <= CompactRevision)
        {
            return KvError.Compacted;
        }
        if (revision > CurrentRevision)
        {
            return KvError.FutureRev;
        }
        CompactRevision = revision;
        return KvError.None;
    }

    /// <summary>The records that a finished compaction leaves, in revision order.</summary>
    public IEnumerable<NaiveRecord> KeptRecords() => _records.Where(r => r.Main > CompactRevision
        || (IsNewest(r, CompactRevision) && (!r.IsTombstone || r.Main == CompactRevision)));

    /// <summary>etcd's HashKV, by its definition.</summary>
    public uint HashKv(long revision)
    {
        var keep = _records.Where(r => IsNewest(r, revision) && !r.IsTombstone).ToHashSet();
        var bytes = new List<byte>("key"u8.ToArray());
        foreach (var record in KeptRecords())
        {
            var skip = record.Main > revision
                || (record.Main <= CompactRevision && keep.Count > 0 && !keep.Contains(record))
                || (record.Main == CompactRevision && record.IsTombstone);
            if (!skip)
            {
                bytes.AddRange(record.RecordKey());
                bytes.AddRange(record.RecordValue());
            }
        }
        return Crc32C(bytes);
    }

    private bool IsNewest(NaiveRecord record, long revision) =>
        record.Main <= revision && _records.Last(r => r.Key == record.Key && r.Main <= revision) == record;

    private static uint Crc32C(List<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : crc >> 1 ^ 0x82f63b78;
            }
        }
        return ~crc;
    }

    private Outcome<RangeResponse> Range(RangeRequest request, SortedDictionary<string, KeyValue> current, long currentRevision)
    {
        var revision = request.Revision <= 0 ? currentRevision : request.Revision;
        if (revision > currentRevision)
        {
            return KvError.FutureRev;
        }
        if (revision < CompactRevision)
        {
            return KvError.Compacted;
        }
        var state = revision == currentRevision ? current : _states[(int)revision];
        var all = state.Where(pair => Selects(request.Key, request.RangeEnd, pair.Key)).Select(pair => pair.Value).ToList();
        var response = new RangeResponse { Header = new ResponseHeader { Revision = currentRevision }, Count = all.Count };
        if (request.CountOnly)
        {
            return response;
        }
        var limit = request.Limit <= 0 ? int.MaxValue : (int)request.Limit;
        var bounds = request.MinModRevision != 0 || request.MaxModRevision != 0 || request.MinCreateRevision != 0 || request.MaxCreateRevision != 0;
        if (request.SortOrder == RangeRequest.Types.SortOrder.None && !bounds && limit < int.MaxValue)
        {
            all = all.Take(limit + 1).ToList();
        }
        var kvs = all.Where(kv => (request.MaxModRevision == 0 || kv.ModRevision <= request.MaxModRevision)
            && (request.MinModRevision == 0 || kv.ModRevision >= request.MinModRevision)
            && (request.MaxCreateRevision == 0 || kv.CreateRevision <= request.MaxCreateRevision)
            && (request.MinCreateRevision == 0 || kv.CreateRevision >= request.MinCreateRevision));
        kvs = (request.SortTarget, request.SortOrder == RangeRequest.Types.SortOrder.Descend) switch
        {
            (RangeRequest.Types.SortTarget.Version, false) => kvs.OrderBy(kv => kv.Version),
            (RangeRequest.Types.SortTarget.Version, true) => kvs.OrderByDescending(kv => kv.Version),
            (RangeRequest.Types.SortTarget.Create, false) => kvs.OrderBy(kv => kv.CreateRevision),
            (RangeRequest.Types.SortTarget.Create, true) => kvs.OrderByDescending(kv => kv.CreateRevision),
            (RangeRequest.Types.SortTarget.Mod, false) => kvs.OrderBy(kv => kv.ModRevision),
            (RangeRequest.Types.SortTarget.Mod, true) => kvs.OrderByDescending(kv => kv.ModRevision),
            (RangeRequest.Types.SortTarget.Value, false) => kvs.OrderBy(kv => Text(kv.Value), StringComparer.Ordinal),
            (RangeRequest.Types.SortTarget.Value, true) => kvs.OrderByDescending(kv => Text(kv.Value), StringComparer.Ordinal),
            (_, true) => kvs.Reverse(),
            _ => kvs,
        };
        var sorted = kvs.ToList();
        response.More = sorted.Count > limit;
        foreach (var kv in sorted.Take(limit))
        {
            var copy = kv.Clone();
            copy.Value = request.KeysOnly ? ByteString.Empty : copy.Value;
            response.Kvs.Add(copy);
        }
        return response;
    }

    private KvError CheckPut(PutRequest request, SortedDictionary<string, KeyValue> state)
    {
        if (request.Lease != 0 && !Leases.Contains(request.Lease))
        {
            return KvError.LeaseNotFound;
        }
        return (request.IgnoreValue || request.IgnoreLease) && !state.ContainsKey(Text(request.Key)) ? KvError.KeyNotFound : KvError.None;
    }

    private KvError CheckTxn(TxnRequest request)
    {
        foreach (var op in Holds(request, _states[^1]) ? request.Success : request.Failure)
        {
            var error = KvError.None;
            switch (op.RequestCase)
            {
                case RequestOp.RequestOneofCase.RequestPut:
                    error = CheckPut(op.RequestPut, _states[^1]);
                    break;
                case RequestOp.RequestOneofCase.RequestRange when op.RequestRange.Revision > CurrentRevision:
                    error = KvError.FutureRev;
                    break;
                case RequestOp.RequestOneofCase.RequestRange when op.RequestRange.Revision != 0 && op.RequestRange.Revision < CompactRevision:
                    error = KvError.Compacted;
                    break;
                case RequestOp.RequestOneofCase.RequestTxn:
                    error = CheckTxn(op.RequestTxn);
                    break;
            }
            if (error != KvError.None)
            {
                return error;
            }
        }
        return KvError.None;
    }

    private static bool Holds(TxnRequest request, SortedDictionary<string, KeyValue> state) => request.Compare.All(compare =>
    {
        var selected = state.Where(pair => Selects(compare.Key, compare.RangeEnd, pair.Key)).Select(pair => pair.Value).ToList();
        if (selected.Count == 0)
        {
            return compare.Target != Compare.Types.CompareTarget.Value && Holds(compare, new KeyValue());
        }
        return selected.TrueForAll(kv => Holds(compare, kv));
    });

    private static bool Holds(Compare compare, KeyValue kv)
    {
        var order = compare.Target switch
        {
            Compare.Types.CompareTarget.Version => kv.Version.CompareTo(compare.Version),
            Compare.Types.CompareTarget.Create => kv.CreateRevision.CompareTo(compare.CreateRevision),
            Compare.Types.CompareTarget.Mod => kv.ModRevision.CompareTo(compare.ModRevision),
            Compare.Types.CompareTarget.Value => string.CompareOrdinal(Text(kv.Value), Text(compare.Value)),
            Compare.Types.CompareTarget.Lease => kv.Lease.CompareTo(compare.Lease),
            _ => 0,
        };
        return (int)compare.Result switch
        {
            0 => order == 0,
            1 => order > 0,
            2 => order < 0,
            3 => order != 0,
            _ => true,
        };
    }

    private static bool Selects(ByteString key, ByteString rangeEnd, string candidate)
    {
        if (rangeEnd.IsEmpty)
        {
            return candidate == Text(key);
        }
        return string.CompareOrdinal(candidate, Text(key)) >= 0
            && (Text(rangeEnd) == "\0" || string.CompareOrdinal(candidate, Text(rangeEnd)) < 0);
    }

    private static string Text(ByteString bytes) => Encoding.Latin1.GetString(bytes.Span);

    private static SortedDictionary<string, KeyValue> Empty() => new(StringComparer.Ordinal);

    private sealed class Write(NaiveStore store)
    {
        private readonly SortedDictionary<string, KeyValue> _state = new(store._states[^1], StringComparer.Ordinal);
        private readonly List<NaiveRecord> _made = [];

        private long Revision => store.CurrentRevision + (_made.Count > 0 ? 1 : 0);

        internal PutResponse Put(PutRequest request)
        {
            var previous = _state.GetValueOrDefault(Text(request.Key));
            var revision = store.CurrentRevision + 1;
            var kv = new KeyValue
            {
                Key = request.Key,
                Value = request.IgnoreValue ? previous!.Value : request.Value,
                Lease = request.IgnoreLease ? previous!.Lease : request.Lease,
                CreateRevision = previous?.CreateRevision ?? revision,
                ModRevision = revision,
                Version = (previous?.Version ?? 0) + 1,
            };
            _state[Text(request.Key)] = kv;
            _made.Add(new NaiveRecord(Text(request.Key), revision, _made.Count, kv));
            var response = new PutResponse { Header = new ResponseHeader { Revision = revision } };
            if (request.PrevKv && previous is not null)
            {
                response.PrevKv = previous.Clone();
            }
            return response;
        }

        internal DeleteRangeResponse Delete(DeleteRangeRequest request)
        {
            var response = new DeleteRangeResponse();
            foreach (var (key, kv) in _state.Where(pair => Selects(request.Key, request.RangeEnd, pair.Key)).ToList())
            {
                _state.Remove(key);
                _made.Add(new NaiveRecord(key, store.CurrentRevision + 1, _made.Count, null));
                response.Deleted++;
                if (request.PrevKv)
                {
                    response.PrevKvs.Add(kv.Clone());
                }
            }
            response.Header = new ResponseHeader { Revision = Revision };
            return response;
        }

        internal TxnResponse Run(TxnRequest request, SortedDictionary<string, KeyValue> before)
        {
            var response = new TxnResponse { Header = new ResponseHeader(), Succeeded = Holds(request, before) };
            foreach (var op in response.Succeeded ? request.Success : request.Failure)
            {
                response.Responses.Add(op.RequestCase switch
                {
                    RequestOp.RequestOneofCase.RequestRange => new ResponseOp { ResponseRange = store.Range(op.RequestRange, _state, Revision).Value },
                    RequestOp.RequestOneofCase.RequestPut => new ResponseOp { ResponsePut = Put(op.RequestPut) },
                    RequestOp.RequestOneofCase.RequestDeleteRange => new ResponseOp { ResponseDeleteRange = Delete(op.RequestDeleteRange) },
                    _ => new ResponseOp { ResponseTxn = Run(op.RequestTxn, before) },
                });
            }
            return response;
        }

        internal void End()
        {
            if (_made.Count > 0)
            {
                store._records.AddRange(_made);
                store._states.Add(_state);
            }
        }
    }
}

/// <summary>One change in the model's history.</summary>
/// <param name="Key">The key, as Latin-1.</param>
/// <param name="Main">Main revision.</param>
/// <param name="Sub">Position inside the transaction.</param>
/// <param name="Put">What was put; null for a delete.</param>
public sealed record NaiveRecord(string Key, long Main, int Sub, KeyValue? Put)
{
    /// <summary>A delete.</summary>
    public bool IsTombstone => Put is null;

    /// <summary>The key of its bbolt record.</summary>
    public byte[] RecordKey()
    {
        var text = $"{Main:x16}5f{(long)Sub:x16}" + (IsTombstone ? "74" : "");
        return Convert.FromHexString(text);
    }

    /// <summary>The value of its bbolt record.</summary>
    public byte[] RecordValue() => (Put ?? new KeyValue { Key = ByteString.CopyFrom(Key, Encoding.Latin1) }).ToByteArray();
}

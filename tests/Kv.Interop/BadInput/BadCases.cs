using Google.Protobuf;
using Kv.Actors.Protos.Etcdserverpb;
using static Kv.Interop.BadInput.Sent;
using AlarmAction = Kv.Actors.Protos.Etcdserverpb.AlarmRequest.Types.AlarmAction;
using CompareResult = Kv.Actors.Protos.Etcdserverpb.Compare.Types.CompareResult;
using CompareTarget = Kv.Actors.Protos.Etcdserverpb.Compare.Types.CompareTarget;
using FilterType = Kv.Actors.Protos.Etcdserverpb.WatchCreateRequest.Types.FilterType;
using SortOrder = Kv.Actors.Protos.Etcdserverpb.RangeRequest.Types.SortOrder;
using SortTarget = Kv.Actors.Protos.Etcdserverpb.RangeRequest.Types.SortTarget;

namespace Kv.Interop.BadInput;

/// <summary>The table: sent in this order to a server that holds nothing at first.</summary>
internal static class BadCases
{
    private const string NoMessage = "13 grpc: error unmarshalling request: proto: cannot parse invalid wire-format data";
    private const string NoAlarms = "0 { \"header\": { \"revision\": \"17\" } }";
    private const string Parser = "the words of the parser of protobuf, which differ between etcd's versions as well";
    private const string Library = "the words of Grpc.AspNetCore; no gRPC library sends this";

    /// <summary>All cases, in order.</summary>
    public static IReadOnlyList<BadCase> All { get; } =
    [
        .. Beginning(), .. Keys(), .. Revisions(), .. Sizes(), .. Duplicates(), .. Puts(), .. Leases(), .. Enums(), .. Watches(), .. Members(),
        .. Messages(), .. Frames(), .. Calls(), .. Connections(), .. Auth(),
    ];

    /// <summary>Something to be wrong about: revisions 2 to 6, of which 3 is compacted, and lease 7.</summary>
    private static IEnumerable<BadCase> Beginning() =>
    [
        new("a lease is granted", Of("Lease/LeaseGrant", new LeaseGrantRequest { ID = 7, TTL = 10_000 })),
        new("a is put", Of("KV/Put", Put("a", "1"))),
        new("a is put again", Of("KV/Put", Put("a", "2"))),
        new("b is put", Of("KV/Put", Put("b", "1"))),
        new("c is put with the lease", Of("KV/Put", new PutRequest { Key = B("c"), Value = B("1"), Lease = 7 })),
        new("d is put", Of("KV/Put", Put("d", "1"))),
        new("history is compacted", Of("KV/Compact", new CompactionRequest { Revision = 3, Physical = true })),
    ];

    private static IEnumerable<BadCase> Keys() =>
    [
        new("put without key", Of("KV/Put", Put("", "v"))),
        new("put of an empty message", Of("KV/Put", new PutRequest())),
        new("range without key", Of("KV/Range", new RangeRequest())),
        new("range without key but with an end", Of("KV/Range", new RangeRequest { RangeEnd = B("z") })),
        new("delete without key", Of("KV/DeleteRange", new DeleteRangeRequest())),
        new("delete without key but with an end", Of("KV/DeleteRange", new DeleteRangeRequest { RangeEnd = B("\0") })),
        new("txn compares no key", Of("KV/Txn", new TxnRequest { Compare = { new Compare() }, Success = { PutOp("x", "1") } })),
        new("txn puts without key", Of("KV/Txn", new TxnRequest { Success = { PutOp("", "1") } })),
        new("txn puts without key in the other branch", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1") }, Failure = { PutOp("", "1") } })),
        new("txn reads without key", Of("KV/Txn", new TxnRequest { Success = { new RequestOp { RequestRange = new RangeRequest() } } })),
        new("txn deletes without key", Of("KV/Txn", new TxnRequest { Success = { new RequestOp { RequestDeleteRange = new DeleteRangeRequest() } } })),
        new("txn with an operation that is none", Of("KV/Txn", new TxnRequest { Success = { new RequestOp() } })),
        new("nested txn puts without key", Of("KV/Txn", new TxnRequest { Success = { Nested(new TxnRequest { Failure = { PutOp("", "1") } }) } })),
        new("empty txn", Of("KV/Txn", new TxnRequest())),
        new("range with an end before its key", Of("KV/Range", Range("b", "a"))),
        new("range with its key as end", Of("KV/Range", Range("b", "b"))),
        new("count with an end before its key", Of("KV/Range", new RangeRequest { Key = B("b"), RangeEnd = B("a"), CountOnly = true })),
        new("delete with an end before its key", Of("KV/DeleteRange", new DeleteRangeRequest { Key = B("b"), RangeEnd = B("a"), PrevKv = true })),
        new("delete with its key as end", Of("KV/DeleteRange", new DeleteRangeRequest { Key = B("b"), RangeEnd = B("b") })),
        new("delete of what is not there", Of("KV/DeleteRange", new DeleteRangeRequest { Key = B("nothing"), PrevKv = true })),
        new("compare of an empty range", Of("KV/Txn", new TxnRequest { Compare = { new Compare { Key = B("b"), RangeEnd = B("a"), Target = CompareTarget.Value, Value = B("x") } }, Success = { RangeOp("a") } })),
        new("compare of a missing key's value", Of("KV/Txn", new TxnRequest { Compare = { new Compare { Key = B("nothing"), Target = CompareTarget.Value, Value = B("") } }, Success = { RangeOp("a") } })),
        new("compare of a missing key's version", Of("KV/Txn", new TxnRequest { Compare = { new Compare { Key = B("nothing"), Target = CompareTarget.Version } }, Success = { RangeOp("a") } })),
        new("range with a negative limit", Of("KV/Range", new RangeRequest { Key = B("a"), RangeEnd = B("z"), Limit = -1 })),
        new("range with bounds the wrong way round", Of("KV/Range", new RangeRequest { Key = B("a"), RangeEnd = B("z"), MinModRevision = 5, MaxModRevision = 2 })),
        new("range with negative bounds", Of("KV/Range", new RangeRequest { Key = B("a"), RangeEnd = B("z"), MinCreateRevision = -5, MaxCreateRevision = -2 })),
        new("keys only and count only", Of("KV/Range", new RangeRequest { Key = B("a"), RangeEnd = B("z"), KeysOnly = true, CountOnly = true })),
        new BadCase("range stream without key", Of("KV/RangeStream", new RangeRequest()))
            .Differs("12 unknown method RangeStream for service etcdserverpb.KV", "3 etcdserver: key is not provided", "3.4 has no RangeStream"),
    ];

    private static IEnumerable<BadCase> Revisions() =>
    [
        new("range at a future revision", Of("KV/Range", new RangeRequest { Key = B("a"), Revision = 1000 })),
        new("range at a future revision, serializable", Of("KV/Range", new RangeRequest { Key = B("a"), Revision = long.MaxValue, Serializable = true })),
        new("range at a compacted revision", Of("KV/Range", new RangeRequest { Key = B("a"), Revision = 2 })),
        new("range at the compaction's revision", Of("KV/Range", new RangeRequest { Key = B("a"), Revision = 3 })),
        new("range at a negative revision", Of("KV/Range", new RangeRequest { Key = B("a"), Revision = -1 })),
        new("count at a compacted revision", Of("KV/Range", new RangeRequest { Key = B("a"), Revision = 1, CountOnly = true })),
        new("empty range at a future revision", Of("KV/Range", new RangeRequest { Key = B("b"), RangeEnd = B("a"), Revision = 1000 })),
        new("empty range at a compacted revision", Of("KV/Range", new RangeRequest { Key = B("b"), RangeEnd = B("a"), Revision = 2 })),
        new("read-only txn at a future revision", Of("KV/Txn", new TxnRequest { Success = { new RequestOp { RequestRange = new RangeRequest { Key = B("a"), Revision = 1000 } } } })),
        new("read-only txn at a compacted revision", Of("KV/Txn", new TxnRequest { Success = { new RequestOp { RequestRange = new RangeRequest { Key = B("a"), Revision = 1 } } } })),
        new("txn that puts and reads at a future revision", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), new RequestOp { RequestRange = new RangeRequest { Key = B("a"), Revision = 1000 } } } })),
        new("txn that puts and reads at a compacted revision", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), new RequestOp { RequestRange = new RangeRequest { Key = B("a"), Revision = 1 } } } })),
        new("nested txn that reads at a future revision", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), Nested(new TxnRequest { Success = { new RequestOp { RequestRange = new RangeRequest { Key = B("a"), Revision = 1000 } } } }) } })),
        new("txn whose branch not taken reads at a future revision", Of("KV/Txn", new TxnRequest { Success = { RangeOp("a") }, Failure = { new RequestOp { RequestRange = new RangeRequest { Key = B("a"), Revision = 1000 } } } })),
        new("compaction to a future revision", Of("KV/Compact", new CompactionRequest { Revision = 1000 })),
        new("compaction to a compacted revision", Of("KV/Compact", new CompactionRequest { Revision = 3 })),
        new("compaction to revision 0", Of("KV/Compact", new CompactionRequest())),
        new("compaction to a negative revision", Of("KV/Compact", new CompactionRequest { Revision = -1 })),
        new("hash at a future revision", Of("Maintenance/HashKV", new HashKVRequest { Revision = 1000 })),
        new("hash at a compacted revision", Of("Maintenance/HashKV", new HashKVRequest { Revision = 2 })),
        new BadCase("hash at a negative revision", Of("Maintenance/HashKV", new HashKVRequest { Revision = -1 }))
            .Differs("0 { \"header\": { \"revision\": \"6\" }, \"hash\": 1084519789, \"compactRevision\": \"3\" }", "0 { \"header\": { \"revision\": \"6\" }, \"hash\": 1084519789, \"compactRevision\": \"3\", \"hashRevision\": \"-1\" }", "3.4 does not say at which revision"),
    ];

    private static IEnumerable<BadCase> Sizes() =>
    [
        new("put of more than 1.5 MiB", Of("KV/Put", Big(1_600_000))),
        new("put of a key of more than 1.5 MiB", Of("KV/Put", new PutRequest { Key = ByteString.CopyFrom(new byte[1_600_000]) })),
        new("txn of more than 1.5 MiB", Of("KV/Txn", new TxnRequest { Success = { new RequestOp { RequestPut = Big(1_600_000) } } })),
        new("delete with a key of more than 1.5 MiB", Of("KV/DeleteRange", new DeleteRangeRequest { Key = ByteString.CopyFrom(new byte[1_600_000]) })),
        new("range with a key of more than 1.5 MiB", Of("KV/Range", new RangeRequest { Key = ByteString.CopyFrom(Enumerable.Repeat((byte)1, 1_600_000).ToArray()) })),
        new("message as large as may be received", new Call("/etcdserverpb.KV/Put", Frame(Sized(2_097_152)))),
        new("message one byte larger", new Call("/etcdserverpb.KV/Put", Frame(Sized(2_097_153)))),
        new("watch request that is too large", new Call("/etcdserverpb.Watch/Watch", Frame(new byte[2_097_153]))),
        new("128 operations", Of("KV/Txn", Many(128))),
        new("129 operations", Of("KV/Txn", Many(129))),
        new("129 operations if the comparison fails", Of("KV/Txn", new TxnRequest { Failure = { Many(129).Success } })),
        new("129 comparisons", Of("KV/Txn", new TxnRequest { Compare = { Enumerable.Repeat(new Compare { Key = B("a") }, 129) } })),
        new("100 operations around 28", Of("KV/Txn", new TxnRequest { Success = { Many(99).Success, Nested(Many(28)) } })),
        new("100 operations around 29", Of("KV/Txn", new TxnRequest { Success = { Many(99).Success, Nested(Many(29)) } })),
    ];

    private static IEnumerable<BadCase> Duplicates() =>
    [
        new("a key put twice", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), PutOp("x", "2") } })),
        new("a key put twice if the comparison fails", Of("KV/Txn", new TxnRequest { Success = { RangeOp("a") }, Failure = { PutOp("x", "1"), PutOp("x", "2") } })),
        new("a key put, then deleted", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), DeleteOp("x") } })),
        new("a key deleted, then put", Of("KV/Txn", new TxnRequest { Success = { DeleteOp("x"), PutOp("x", "1") } })),
        new("a key put in a range that is deleted", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), DeleteOp("w", "y") } })),
        new("a key put at the end of a range that is deleted", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), DeleteOp("w", "x") } })),
        new("a key put while all from another on is deleted", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), DeleteOp("w", "\0") } })),
        new("a key put beside an inverted range that is deleted", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), DeleteOp("y", "w") } })),
        new("a key deleted twice", Of("KV/Txn", new TxnRequest { Success = { DeleteOp("x"), DeleteOp("x"), DeleteOp("w", "y") } })),
        new("a key put in either branch", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1") }, Failure = { PutOp("x", "2") } })),
        new("a key put outside and inside", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), Nested(new TxnRequest { Success = { PutOp("x", "2") } }) } })),
        new("a key put outside and in the branch not taken inside", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), Nested(new TxnRequest { Failure = { PutOp("x", "2") } }) } })),
        new("a key put in either branch inside", Of("KV/Txn", new TxnRequest { Success = { Nested(new TxnRequest { Success = { PutOp("x", "3") }, Failure = { PutOp("x", "4") } }) } })),
        new("a key put outside and deleted inside", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), Nested(new TxnRequest { Success = { DeleteOp("w", "y") } }) } })),
        new("a key deleted outside and put inside", Of("KV/Txn", new TxnRequest { Success = { DeleteOp("x"), Nested(new TxnRequest { Success = { PutOp("x", "1") } }) } })),
        new("a key put in two nested txns", Of("KV/Txn", new TxnRequest { Success = { Nested(new TxnRequest { Success = { PutOp("x", "1") } }), Nested(new TxnRequest { Success = { PutOp("x", "2") } }) } })),
        new("a key deleted in one nested txn and put in the next", Of("KV/Txn", new TxnRequest { Success = { Nested(new TxnRequest { Success = { DeleteOp("x") } }), Nested(new TxnRequest { Success = { PutOp("x", "1") } }) } })),
        new("a key put in one nested txn and deleted in the next", Of("KV/Txn", new TxnRequest { Success = { Nested(new TxnRequest { Success = { PutOp("x", "1") } }), Nested(new TxnRequest { Success = { DeleteOp("x") } }) } })),
        new("a key put twice three levels down", Of("KV/Txn", new TxnRequest { Success = { Nested(new TxnRequest { Success = { Nested(new TxnRequest { Success = { PutOp("y", "1"), PutOp("y", "2") } }) } }) } })),
    ];

    private static IEnumerable<BadCase> Puts() =>
    [
        new("value given and to be kept", Of("KV/Put", new PutRequest { Key = B("a"), Value = B("x"), IgnoreValue = true })),
        new("lease given and to be kept", Of("KV/Put", new PutRequest { Key = B("a"), Value = B("x"), Lease = 7, IgnoreLease = true })),
        new("value of a missing key to be kept", Of("KV/Put", new PutRequest { Key = B("nothing"), IgnoreValue = true })),
        new("lease of a missing key to be kept", Of("KV/Put", new PutRequest { Key = B("nothing"), Value = B("x"), IgnoreLease = true })),
        new("value and lease of a missing key to be kept", Of("KV/Put", new PutRequest { Key = B("nothing"), IgnoreValue = true, IgnoreLease = true, PrevKv = true })),
        new("value and lease of a key kept", Of("KV/Put", new PutRequest { Key = B("c"), IgnoreValue = true, IgnoreLease = true, PrevKv = true })),
        new("value kept, lease gone", Of("KV/Put", new PutRequest { Key = B("c"), IgnoreValue = true, PrevKv = true })),
        new("previous value of a missing key", Of("KV/Put", new PutRequest { Key = B("e"), PrevKv = true })),
        new("unknown lease", Of("KV/Put", new PutRequest { Key = B("a"), Value = B("x"), Lease = 404 })),
        new("negative lease", Of("KV/Put", new PutRequest { Key = B("a"), Value = B("x"), Lease = -1 })),
        new("unknown lease while the value of a missing key is to be kept", Of("KV/Put", new PutRequest { Key = B("nothing"), Lease = 404, IgnoreValue = true })),
        new("txn with an unknown lease", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), new RequestOp { RequestPut = new PutRequest { Key = B("y"), Lease = 404 } } } })),
        new("txn with a missing key's value to be kept", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1"), new RequestOp { RequestPut = new PutRequest { Key = B("nothing"), IgnoreValue = true } } } })),
        new("txn with a value given and to be kept", Of("KV/Txn", new TxnRequest { Success = { new RequestOp { RequestPut = new PutRequest { Key = B("a"), Value = B("x"), IgnoreValue = true } } } })),
        new("txn with an unknown lease in the branch not taken", Of("KV/Txn", new TxnRequest { Success = { PutOp("x", "1") }, Failure = { new RequestOp { RequestPut = new PutRequest { Key = B("y"), Lease = 404 } } } })),
    ];

    private static IEnumerable<BadCase> Leases() =>
    [
        new("lease id that is taken", Of("Lease/LeaseGrant", new LeaseGrantRequest { ID = 7, TTL = 50 })),
        new("lease without TTL", Of("Lease/LeaseGrant", new LeaseGrantRequest { ID = 8 })),
        new("lease with a negative TTL", Of("Lease/LeaseGrant", new LeaseGrantRequest { ID = 9, TTL = -5 })),
        new("it is taken back", Of("Lease/LeaseRevoke", new LeaseRevokeRequest { ID = 8 })),
        new("and so is the other", Of("Lease/LeaseRevoke", new LeaseRevokeRequest { ID = 9 })),
        new("lease with the longest TTL", Of("Lease/LeaseGrant", new LeaseGrantRequest { ID = 10, TTL = 9_000_000_000 })),
        new("lease with too long a TTL", Of("Lease/LeaseGrant", new LeaseGrantRequest { ID = 11, TTL = 9_000_000_001 })),
        new("lease with the longest number as TTL", Of("Lease/LeaseGrant", new LeaseGrantRequest { ID = 11, TTL = long.MaxValue })),
        new("lease with a negative id", Of("Lease/LeaseGrant", new LeaseGrantRequest { ID = -3, TTL = 5000 })),
        new("lease id that is taken and too long a TTL", Of("Lease/LeaseGrant", new LeaseGrantRequest { ID = 7, TTL = 9_000_000_001 })),
        new("revocation of an unknown lease", Of("Lease/LeaseRevoke", new LeaseRevokeRequest { ID = 404 })),
        new("revocation of lease 0", Of("Lease/LeaseRevoke", new LeaseRevokeRequest())),
        new("keep-alive of an unknown lease", Of("Lease/LeaseKeepAlive", new LeaseKeepAliveRequest { ID = 404 })),
        new("keep-alive of lease 0", Of("Lease/LeaseKeepAlive", new LeaseKeepAliveRequest())),
        new("keep-alives of an unknown lease and a live one", Of("Lease/LeaseKeepAlive", new LeaseKeepAliveRequest { ID = 404 }, new LeaseKeepAliveRequest { ID = 7 })),
        new("keep-alive stream without a request", new Call("/etcdserverpb.Lease/LeaseKeepAlive", [])),
        new("what is left of an unknown lease", Of("Lease/LeaseTimeToLive", new LeaseTimeToLiveRequest { ID = 404, Keys = true })),
        new("what is left of lease 0", Of("Lease/LeaseTimeToLive", new LeaseTimeToLiveRequest())),
    ];

    private static IEnumerable<BadCase> Enums() =>
    [
        new BadCase("undefined sort order", Of("KV/Range", new RangeRequest { Key = B("a"), RangeEnd = B("c"), SortOrder = (SortOrder)7 }))
            .Differs("0 { \"header\": { \"revision\": \"17\" }, \"kvs\": [ { \"key\": \"YQ==\", \"createRevision\": \"2\", \"modRevision\": \"3\", \"version\": \"2\", \"value\": \"Mg==\" }, { \"key\": \"Yg==\", \"createRevision\": \"4\", \"modRevision\": \"4\", \"version\": \"1\", \"value\": \"MQ==\" } ], \"count\": \"2\" }", "3 etcdserver: invalid sort option", "etcd checks it from 3.6 on"),
        new BadCase("negative sort order", Of("KV/Range", new RangeRequest { Key = B("a"), RangeEnd = B("c"), SortOrder = (SortOrder)(-1) }))
            .Differs("0 { \"header\": { \"revision\": \"17\" }, \"kvs\": [ { \"key\": \"YQ==\", \"createRevision\": \"2\", \"modRevision\": \"3\", \"version\": \"2\", \"value\": \"Mg==\" }, { \"key\": \"Yg==\", \"createRevision\": \"4\", \"modRevision\": \"4\", \"version\": \"1\", \"value\": \"MQ==\" } ], \"count\": \"2\" }", "3 etcdserver: invalid sort option", "etcd checks it from 3.6 on"),
        new BadCase("undefined sort target", Of("KV/Range", new RangeRequest { Key = B("a"), RangeEnd = B("c"), SortTarget = (SortTarget)9 }))
            .Differs(BadCase.Ends, "3 etcdserver: invalid sort option", "etcd checks it from 3.6 on"),
        new BadCase("undefined sort target in a txn", Of("KV/Txn", new TxnRequest { Success = { new RequestOp { RequestRange = new RangeRequest { Key = B("a"), SortTarget = (SortTarget)9 } } } }))
            .Differs(BadCase.Ends, "3 etcdserver: invalid sort option", "etcd checks it from 3.6 on"),
        new("undefined comparison", Of("KV/Txn", new TxnRequest { Compare = { new Compare { Key = B("a"), Result = (CompareResult)9, Target = CompareTarget.Version, Version = 77 } }, Success = { RangeOp("a") }, Failure = { RangeOp("b") } })),
        new("undefined thing to compare", Of("KV/Txn", new TxnRequest { Compare = { new Compare { Key = B("a"), Target = (CompareTarget)9, Version = 77 } }, Success = { RangeOp("a") }, Failure = { RangeOp("b") } })),
        new("undefined thing to compare, unequal", Of("KV/Txn", new TxnRequest { Compare = { new Compare { Key = B("a"), Target = (CompareTarget)9, Result = CompareResult.NotEqual } }, Success = { RangeOp("a") }, Failure = { RangeOp("b") } })),
        new("undefined thing to compare of a missing key", Of("KV/Txn", new TxnRequest { Compare = { new Compare { Key = B("nothing"), Target = (CompareTarget)9 } }, Success = { RangeOp("a") }, Failure = { RangeOp("b") } })),
        new("value compared with a version", Of("KV/Txn", new TxnRequest { Compare = { new Compare { Key = B("a"), Target = CompareTarget.Value, Version = 1 } }, Success = { RangeOp("a") }, Failure = { RangeOp("b") } })),
        new("version compared with nothing", Of("KV/Txn", new TxnRequest { Compare = { new Compare { Key = B("a"), Target = CompareTarget.Version } }, Success = { RangeOp("a") }, Failure = { RangeOp("b") } })),
        new BadCase("undefined alarm action", Of("Maintenance/Alarm", new AlarmRequest { Action = (AlarmAction)9 }))
            .Differs(BadCase.Ends, NoAlarms, "etcd has no answer to encode"),
        new BadCase("no alarm raised", Of("Maintenance/Alarm", new AlarmRequest { Action = AlarmAction.Activate }))
            .Differs(BadCase.Ends, NoAlarms, "3.4 takes it for an alarm that it should know"),
        new BadCase("undefined alarm", Of("Maintenance/Alarm", new AlarmRequest { Action = AlarmAction.Activate, Alarm = (AlarmType)9 }))
            .Differs("0 { \"alarms\": [ { \"alarm\": 9 } ] }", NoAlarms, "an alarm that nobody knows is not kept here"),
        new BadCase("undefined alarm to be listed", Of("Maintenance/Alarm", new AlarmRequest { Alarm = (AlarmType)9 }))
            .Differs("0 { \"alarms\": [ { \"alarm\": 9 } ] }", NoAlarms, "there is none, see before"),
        new BadCase("undefined alarm to be lifted", Of("Maintenance/Alarm", new AlarmRequest { Action = AlarmAction.Deactivate, Alarm = (AlarmType)9 }))
            .Differs("0 { \"alarms\": [ { \"alarm\": 9 } ] }", NoAlarms, "there is none, see before"),
        new BadCase("alarm to be lifted that is not raised", Of("Maintenance/Alarm", new AlarmRequest { Action = AlarmAction.Deactivate, Alarm = AlarmType.Nospace, MemberID = 5 }))
            .Differs("0 { }", NoAlarms, "3.4 answers without a header"),
        new BadCase("alarms listed", Of("Maintenance/Alarm", new AlarmRequest()))
            .Differs("0 { }", NoAlarms, "3.4 answers without a header"),
    ];

    private static IEnumerable<BadCase> Watches() =>
    [
        new("watch id used twice, unknown id cancelled", Of("Watch/Watch", Watch("a", 5), Watch("b", 5), Cancel(99), Cancel(5)) with { Take = 3 }),
        new("watch id used again after its cancel", Of("Watch/Watch", Watch("a", 5), Cancel(5), Watch("b", 5)) with { Take = 3 }),
        new("watch cancelled twice", Of("Watch/Watch", Watch("a", 5), Cancel(5), Cancel(5), Watch("b", 6)) with { Take = 3 }),
        new("watch with a negative id", Of("Watch/Watch", Watch("a", -7)) with { Take = 1 }),
        new("watch with the id of none", Of("Watch/Watch", Watch("a", -1)) with { Take = 1 }),
        new("ids chosen by the server around one that is taken", Of("Watch/Watch", Watch("a", 1), Watch("a", 0), Watch("a", 0)) with { Take = 3 }),
        new BadCase("watch from a negative revision", Of("Watch/Watch", new WatchRequest { CreateRequest = new WatchCreateRequest { Key = B("a"), StartRevision = -1 } }) with { Take = 1 })
            .Differs("{ \"header\": { \"revision\": \"17\" }, \"created\": true }", "{ \"header\": { \"revision\": \"17\" }, \"watchId\": \"-1\", \"created\": true, \"canceled\": true, \"cancelReason\": \"etcdserver: mvcc: required revision has been compacted\" }", "etcd refuses it from 3.4.38 on; before it cancels it with the next events"),
        new("watch from a compacted revision", Of("Watch/Watch", new WatchRequest { CreateRequest = new WatchCreateRequest { Key = B("a"), StartRevision = 1 } }) with { Take = 2 }),
        new("watch from a future revision", Of("Watch/Watch", new WatchRequest { CreateRequest = new WatchCreateRequest { Key = B("a"), StartRevision = 1000 } }) with { Take = 1 }),
        new("watch of an empty range", Of("Watch/Watch", new WatchRequest { CreateRequest = new WatchCreateRequest { Key = B("b"), RangeEnd = B("a") } }) with { Take = 1 }),
        new("watch of a range that ends at its key", Of("Watch/Watch", new WatchRequest { CreateRequest = new WatchCreateRequest { Key = B("b"), RangeEnd = B("b") } }) with { Take = 1 }),
        new("watch without key", Of("Watch/Watch", new WatchRequest { CreateRequest = new WatchCreateRequest() }) with { Take = 1 }),
        new("watch with an undefined filter", Of("Watch/Watch", new WatchRequest { CreateRequest = new WatchCreateRequest { Key = B("b"), StartRevision = 4, Filters = { (FilterType)9 } } }) with { Take = 2 }),
        new("watch that filters everything out", Of("Watch/Watch", new WatchRequest { CreateRequest = new WatchCreateRequest { Key = B("b"), StartRevision = 4, Filters = { FilterType.Noput, FilterType.Nodelete } } }) with { Take = 1 }),
        new("request for nothing", Of("Watch/Watch", new WatchRequest(), Watch("a", 3)) with { Take = 1 }),
    ];

    private static IEnumerable<BadCase> Members() =>
    [
        new("member without URL", Of("Cluster/MemberAdd", new MemberAddRequest())),
        new("member with a URL that is none", Of("Cluster/MemberAdd", new MemberAddRequest { PeerURLs = { "nonsense" } })),
        new("member with a URL without port", Of("Cluster/MemberAdd", new MemberAddRequest { PeerURLs = { "http://127.0.0.1" } })),
        new("member with a URL with a path", Of("Cluster/MemberAdd", new MemberAddRequest { PeerURLs = { "http://127.0.0.1:1/x" } })),
        new("unknown member removed", Of("Cluster/MemberRemove", new MemberRemoveRequest { ID = 404 })),
        new("unknown member updated", Of("Cluster/MemberUpdate", new MemberUpdateRequest { ID = 404, PeerURLs = { "http://127.0.0.1:1" } })),
        new BadCase("unknown member updated with a URL that is none", Of("Cluster/MemberUpdate", new MemberUpdateRequest { ID = 404, PeerURLs = { "nonsense" } }))
            .Differs("5 etcdserver: member not found", "3 etcdserver: given member URLs are invalid", "etcd looks at no URL, and stops over it at its next start"),
        new("unknown member promoted", Of("Cluster/MemberPromote", new MemberPromoteRequest { ID = 404 })),
        new("leadership for an unknown member", Of("Maintenance/MoveLeader", new MoveLeaderRequest { TargetID = 404 })),
        new("leadership for nobody", Of("Maintenance/MoveLeader", new MoveLeaderRequest())),
    ];

    /// <summary>Bytes that are no message of the type.</summary>
    private static IEnumerable<BadCase> Messages() =>
    [
        new BadCase("a field longer than the message", Hex("KV/Range", "00000000020AFF"))
            .Differs("13 grpc: error unmarshalling request: unexpected EOF", NoMessage, Parser),
        new BadCase("a field cut off", Hex("KV/Range", "00000000030A0561"))
            .Differs("13 grpc: error unmarshalling request: unexpected EOF", NoMessage, Parser),
        new BadCase("a number without end", Hex("KV/Range", "000000000CFFFFFFFFFFFFFFFFFFFFFFFF"))
            .Differs("13 grpc: error unmarshalling request: proto: integer overflow", NoMessage, Parser),
        new BadCase("field 0", Hex("KV/Range", "0000000001" + "00"))
            .Differs("13 grpc: error unmarshalling request: proto: RangeRequest: illegal tag 0 (wire type 0)", NoMessage, Parser),
        new BadCase("wire type 7", Hex("KV/Range", "0000000001" + "0F"))
            .Differs("13 grpc: error unmarshalling request: proto: wrong wireType = 7 for field Key", NoMessage, Parser),
        new BadCase("a group that does not end", Hex("KV/Range", "0000000001" + "0B"))
            .Differs("13 grpc: error unmarshalling request: proto: wrong wireType = 3 for field Key", NoMessage, Parser),
        new BadCase("a field of another type", Hex("KV/Range", "0000000002" + "0801"))
            .Differs("13 grpc: error unmarshalling request: proto: wrong wireType = 0 for field Key", "3 etcdserver: key is not provided", "Google.Protobuf takes it for a field that it does not know"),
        new BadCase("a broken put", Hex("KV/Put", "00000000020AFF"))
            .Differs("13 grpc: error unmarshalling request: unexpected EOF", NoMessage, Parser),
        new BadCase("a broken txn", Hex("KV/Txn", "00000000020AFF"))
            .Differs("13 grpc: error unmarshalling request: unexpected EOF", NoMessage, Parser),
        new BadCase("a broken grant", Hex("Lease/LeaseGrant", "0000000001" + "08"))
            .Differs("13 grpc: error unmarshalling request: unexpected EOF", NoMessage, Parser),
        new BadCase("a broken watch request", Hex("Watch/Watch", "00000000020AFF"))
            .Differs("13 grpc: failed to unmarshal the received message unexpected EOF", "13 grpc: failed to unmarshal the received message: proto: cannot parse invalid wire-format data", Parser),
        new BadCase("a broken keep-alive", Hex("Lease/LeaseKeepAlive", "0000000001" + "08"))
            .Differs("13 grpc: failed to unmarshal the received message unexpected EOF", "13 grpc: failed to unmarshal the received message: proto: cannot parse invalid wire-format data", Parser),
        new("a field of a later version", Hex("KV/Range", "0000000008" + "0A0161" + "A206024142")),
        new("a key that is no text", Hex("KV/Range", "0000000004" + "0A02FFFE")),
        NoText(),
    ];

    /// <summary>Newer releases of Google.Protobuf (3.31.1 is one, 3.25.1 is not) refuse text that is no UTF-8; etcd takes it.</summary>
    private static BadCase NoText()
    {
        var one = new BadCase("a string that is no text", Hex("Cluster/MemberAdd", "0000000004" + "0A02FFFE"));
        try
        {
            Google.Protobuf.WellKnownTypes.StringValue.Parser.ParseFrom([0x0A, 0x02, 0xFF, 0xFE]);
            return one;
        }
        catch (InvalidProtocolBufferException)
        {
            return one.Differs("3 etcdserver: given member URLs are invalid", NoMessage, Parser);
        }
    }

    /// <summary>Frames that do not add up.</summary>
    private static IEnumerable<BadCase> Frames() =>
    [
        new BadCase("no message at all", Hex("KV/Range", ""))
            .Differs("2 EOF", "13 Incomplete message.", Library),
        new BadCase("half a prefix", Hex("KV/Range", "000000"))
            .Differs("2 unexpected EOF", "13 Incomplete message.", Library),
        new BadCase("a message announced and none sent", Hex("KV/Range", "0000000005"))
            .Differs("2 unexpected EOF", "13 Incomplete message.", Library),
        new BadCase("less than announced", Hex("KV/Range", "00000000050A0161"))
            .Differs("2 unexpected EOF", "13 Incomplete message.", Library),
        new("4 GiB announced", Hex("KV/Range", "00FFFFFFFF0A0161")),
        new("2 GiB announced", Hex("KV/Range", "007FFFFFFF0A0161")),
        new("3 MiB announced, little sent", Hex("KV/Range", "00003000000A0161")),
        new BadCase("more than announced", Hex("KV/Range", "00000000030A01610A0162"))
            .Differs("0 { \"header\": { \"revision\": \"17\" }, \"kvs\": [ { \"key\": \"YQ==\", \"createRevision\": \"2\", \"modRevision\": \"3\", \"version\": \"2\", \"value\": \"Mg==\" } ], \"count\": \"1\" }", "13 Additional data after the message received.", "Grpc.AspNetCore takes a call of one message only if nothing follows; etcd does not read on"),
        new BadCase("two messages of a call that takes one", Hex("KV/Range", "00000000030A0161" + "00000000030A0162"))
            .Differs("0 { \"header\": { \"revision\": \"17\" }, \"kvs\": [ { \"key\": \"YQ==\", \"createRevision\": \"2\", \"modRevision\": \"3\", \"version\": \"2\", \"value\": \"Mg==\" } ], \"count\": \"1\" }", "13 Additional data after the message received.", "Grpc.AspNetCore takes a call of one message only if nothing follows; etcd does not read on"),
        new BadCase("a byte behind the message", Hex("KV/Range", "00000000030A0161" + "00"))
            .Differs("0 { \"header\": { \"revision\": \"17\" }, \"kvs\": [ { \"key\": \"YQ==\", \"createRevision\": \"2\", \"modRevision\": \"3\", \"version\": \"2\", \"value\": \"Mg==\" } ], \"count\": \"1\" }", "13 Additional data after the message received.", "Grpc.AspNetCore takes a call of one message only if nothing follows; etcd does not read on"),
        new BadCase("packed, with nothing said about how", Hex("KV/Range", "01000000030A0161"))
            .Differs("13 grpc: compressed flag set with identity or empty encoding", "13 Request did not include grpc-encoding value with compressed message.", Library),
        new BadCase("packed, said to be not packed", Hex("KV/Range", "01000000030A0161") with { Encoding = "identity" })
            .Differs("13 grpc: compressed flag set with identity or empty encoding", "13 Request sent 'identity' grpc-encoding value with compressed message.", Library),
        new BadCase("packed in a way that is not known", Hex("KV/Range", "01000000030A0161") with { Encoding = "snappy-framed" })
            .Differs("12 grpc: Decompressor is not installed for grpc-encoding \"snappy-framed\"", "12 Unsupported grpc-encoding value 'snappy-framed'. Supported encodings: identity, gzip, deflate", Library),
        new BadCase("not packed, though a way is named that is not known", Hex("KV/Range", "00000000030A0161") with { Encoding = "snappy-framed" })
            .Differs("12 grpc: Decompressor is not installed for grpc-encoding \"snappy-framed\"", "0 { \"header\": { \"revision\": \"17\" }, \"kvs\": [ { \"key\": \"YQ==\", \"createRevision\": \"2\", \"modRevision\": \"3\", \"version\": \"2\", \"value\": \"Mg==\" } ], \"count\": \"1\" }", "Grpc.AspNetCore looks at the encoding when a message is packed"),
        new BadCase("said to be gzip and is not", Hex("KV/Range", "01000000030A0161") with { Encoding = "gzip" })
            .Differs("12 grpc: Decompressor is not installed for grpc-encoding \"gzip\"", "13 grpc: failed to decompress the received message: The archive entry was compressed using an unsupported compression method.", "3.4 has no gzip"),
        new BadCase("not packed though gzip is named", Hex("KV/Range", "00000000030A0161") with { Encoding = "gzip" })
            .Differs("12 grpc: Decompressor is not installed for grpc-encoding \"gzip\"", "0 { \"header\": { \"revision\": \"17\" }, \"kvs\": [ { \"key\": \"YQ==\", \"createRevision\": \"2\", \"modRevision\": \"3\", \"version\": \"2\", \"value\": \"Mg==\" } ], \"count\": \"1\" }", "3.4 has no gzip"),
        new("a flag that does not exist", Hex("KV/Range", "02000000030A0161")),
        new BadCase("a watch request cut off", Hex("Watch/Watch", "0000000005"))
            .Differs("13 unexpected EOF", "13 Incomplete message.", Library),
        new BadCase("a keep-alive cut off", Hex("Lease/LeaseKeepAlive", "00000000050807"))
            .Differs("13 unexpected EOF", "13 Incomplete message.", Library),
    ];

    private static IEnumerable<BadCase> Calls() =>
    [
        new("unknown method", Hex("KV/Nope", "0000000000")),
        new("unknown service", Hex("Nope/Range", "0000000000")),
        new("method in another case", Hex("KV/range", "0000000000")),
        new("service in another case", Hex("kv/Range", "0000000000")),
        new("method with a slash behind", Hex("KV/Range/", "0000000000")),
        new BadCase("path without method", new Call("/nothing", Frame([])))
            .Differs("8 malformed method name: \"/nothing\"", "12 malformed method name: \"/nothing\"", "later versions of gRPC say UNIMPLEMENTED"),
        new BadCase("path of nothing", new Call("/", Frame([])))
            .Differs("8 malformed method name: \"/\"", "12 malformed method name: \"/\"", "later versions of gRPC say UNIMPLEMENTED"),
        new("health of the server", new Call("/grpc.health.v1.Health/Check", Frame([]))),
        new("health of an unknown service", new Call("/grpc.health.v1.Health/Check", Frame([0x0a, 0x01, (byte)'x']))),
        new BadCase("plain text", Of("KV/Range", Range("a", "")) with { ContentType = "text/plain" })
            .Differs("reset", "http 415", "later versions of gRPC answer 415"),
        new BadCase("json", Of("KV/Range", Range("a", "")) with { ContentType = "application/json" })
            .Differs("reset", "http 415", "later versions of gRPC answer 415"),
        new BadCase("almost gRPC", Of("KV/Range", Range("a", "")) with { ContentType = "application/grpcx" })
            .Differs("reset", "http 415", "later versions of gRPC answer 415"),
        new("gRPC with its message format", Of("KV/Range", Range("a", "")) with { ContentType = "application/grpc+proto" }),
        new("gRPC with an unknown message format", Of("KV/Range", Range("a", "")) with { ContentType = "application/grpc+thrift" }),
        new BadCase("another verb", Of("KV/Range", Range("a", "")) with { Verb = "PUT" })
            .Differs("0 { \"header\": { \"revision\": \"17\" }, \"kvs\": [ { \"key\": \"YQ==\", \"createRevision\": \"2\", \"modRevision\": \"3\", \"version\": \"2\", \"value\": \"Mg==\" } ], \"count\": \"1\" }", "http 404", "later versions of gRPC refuse it"),
    ];

    private static IEnumerable<BadCase> Connections() =>
    [
        new("page that is not there over HTTP/1", new Raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")),
        new BadCase("call over HTTP/1", new Raw("POST /etcdserverpb.KV/Range HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc\r\nContent-Length: 5\r\nConnection: close\r\n\r\n\0\0\0\0\0"))
            .Differs("http 404", "http 426", "Grpc.AspNetCore asks for HTTP/2"),
        new("HTTP/1 without host", new Raw("GET /version HTTP/1.1\r\nConnection: close\r\n\r\n")),
        new BadCase("a version of HTTP that does not exist", new Raw("GET / HTTP/9.9\r\n\r\n"))
            .Differs("closed", "http 505", "Kestrel says why"),
        new BadCase("garbage", new Raw("garbage that ends\r\n\r\n"))
            .Differs("closed", "http 400", "Kestrel says why"),
        new("HTTP/2 that goes on as text", new Raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nthis is no HTTP/2 frame, whatever it says")),
        new BadCase("TLS", new Raw("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003 a TLS hello\r\n\r\n"))
            .Differs("closed", "http 400", "Kestrel says why"),
    ];

    private static IEnumerable<BadCase> Auth() =>
    [
        new BadCase("authentication while auth is off", Of("Auth/Authenticate", new AuthenticateRequest { Name = "root", Password = "x" }))
            .Differs("9 etcdserver: authentication is not enabled", "12 unknown service etcdserverpb.Auth", "auth is for a later release"),
        new BadCase("auth enabled without root", Of("Auth/AuthEnable", new AuthEnableRequest()))
            .Differs("9 etcdserver: root user does not exist", "12 unknown service etcdserverpb.Auth", "auth is for a later release"),
        new BadCase("user without name", Of("Auth/UserAdd", new AuthUserAddRequest()))
            .Differs("3 etcdserver: user name is empty", "12 unknown service etcdserverpb.Auth", "auth is for a later release"),
        new BadCase("unknown user", Of("Auth/UserGet", new AuthUserGetRequest { Name = "nobody" }))
            .Differs("9 etcdserver: user name not found", "12 unknown service etcdserverpb.Auth", "auth is for a later release"),
        new BadCase("unknown role", Of("Auth/RoleGet", new AuthRoleGetRequest { Role = "none" }))
            .Differs("9 etcdserver: role name not found", "12 unknown service etcdserverpb.Auth", "auth is for a later release"),
    ];

    private static ByteString B(string text) => ByteString.CopyFromUtf8(text);

    private static PutRequest Put(string key, string value) => new() { Key = B(key), Value = B(value) };

    private static PutRequest Big(int bytes) => new() { Key = B("big"), Value = ByteString.CopyFrom(new byte[bytes]) };

    /// <summary>A put of this many bytes as a message.</summary>
    private static byte[] Sized(int bytes)
    {
        var around = Big(bytes).CalculateSize() - bytes;
        return Big(bytes - around).ToByteArray();
    }

    private static RangeRequest Range(string key, string end) => new() { Key = B(key), RangeEnd = B(end) };

    private static RequestOp PutOp(string key, string value) => new() { RequestPut = Put(key, value) };

    private static RequestOp RangeOp(string key) => new() { RequestRange = new RangeRequest { Key = B(key) } };

    private static RequestOp DeleteOp(string key, string end = "") => new() { RequestDeleteRange = new DeleteRangeRequest { Key = B(key), RangeEnd = B(end) } };

    private static RequestOp Nested(TxnRequest txn) => new() { RequestTxn = txn };

    private static TxnRequest Many(int operations) => new() { Success = { Enumerable.Range(0, operations).Select(static _ => RangeOp("a")) } };

    private static WatchRequest Watch(string key, long id) => new() { CreateRequest = new WatchCreateRequest { Key = B(key), WatchId = id } };

    private static WatchRequest Cancel(long id) => new() { CancelRequest = new WatchCancelRequest { WatchId = id } };
}

using Kv.Actors.Meters;
using Body = Kv.Actors.Protos.Internal.InternalRaftRequest.BodyOneofCase;

namespace Kv.Actors.Apply;

/// <summary>How long applying took, by operation and success: the series are looked up once each, so that recording is an array index.</summary>
internal sealed class ApplyTimes(Metrics metrics)
{
    private const int Slots = 14;
    private readonly Histogram?[] _succeeded = new Histogram?[Slots];
    private readonly Histogram?[] _failed = new Histogram?[Slots];

    /// <summary>Records one applied request.</summary>
    public void Record(Body body, bool success, TimeSpan took)
    {
        ref var series = ref (success ? _succeeded : _failed)[SlotOf(body)];
        series ??= metrics.ApplyDuration.With("v3", NameOf(body), success ? "true" : "false");
        series.Record(took);
    }

    private static int SlotOf(Body body) => body switch
    {
        Body.ClusterVersionSet => 12,
        Body.MemberAttributes => 13,
        > Body.None and <= Body.LeaseCheckpoint => (int)body,
        _ => 0,
    };

    /// <summary>etcd's name of the operation (reference, metrics: label values).</summary>
    private static string NameOf(Body body) => body switch
    {
        Body.Range => "Range",
        Body.Put => "Put",
        Body.DeleteRange => "DeleteRange",
        Body.Txn => "Txn",
        Body.Compaction => "Compaction",
        Body.LeaseGrant => "LeaseGrant",
        Body.LeaseRevoke => "LeaseRevoke",
        Body.LeaseCheckpoint => "LeaseCheckpoint",
        Body.Alarm => "Alarm",
        Body.ClusterVersionSet => "ClusterVersionSet",
        Body.MemberAttributes => "ClusterMemberAttrSet",
        _ => "unknown",
    };
}

using Kv.Actors.Raft;
using Kv.Persistence.Bolt;
using Kv.Persistence.Checkpoint;

namespace Kv.Actors.Apply;

/// <summary>One member's checkpoint: the state machine in etcd's buckets, and Raft's own state in a bucket beside them.</summary>
/// <remarks>
/// <code>
///  bucket raft   key state   RaftEvent.Checkpoint, encoded as the journal keeps events
/// </code>
/// </remarks>
/// <param name="root">The state at <see cref="StoreRoot.AppliedIndex"/>.</param>
/// <param name="raft">Hard state, membership, and the log after that index.</param>
public sealed class NodeCheckpoint(StoreRoot root, RaftEvent.Checkpoint raft) : ICheckpointSource
{
    private static ReadOnlySpan<byte> RaftBucket => "raft"u8;

    private static ReadOnlySpan<byte> StateKey => "state"u8;

    /// <inheritdoc/>
    public void WriteTo(BoltWriter writer)
    {
        EtcdSchema.Write(root.Kv, RootImage.Of(root), new BoltBucketSink(writer));
        writer.BeginBucket(RaftBucket);
        writer.Add(StateKey, RaftWire.Encode(raft));
        writer.EndBucket();
    }

    /// <summary>Raft's part of a checkpoint.</summary>
    /// <exception cref="InvalidDataException">The file has none: it is a snapshot of etcd, not a checkpoint of this service.</exception>
    public static RaftEvent.Checkpoint ReadRaft(CheckpointImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var bucket = image.Reader.Bucket(RaftBucket);
        var state = (bucket is null ? null : image.Reader.Get(bucket, StateKey))
            ?? throw new InvalidDataException($"{image.Reader.Name} holds no Raft state; it was not written by this service.");
        return RaftWire.DecodeEvent(state) as RaftEvent.Checkpoint
            ?? throw new InvalidDataException($"{image.Reader.Name} holds a Raft event where its Raft state should be.");
    }
}

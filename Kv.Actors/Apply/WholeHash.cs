using Kv.Persistence.Wal;

namespace Kv.Actors.Apply;

/// <summary>The hash of the whole state: CRC-32C over every bucket's name and records, in key order.</summary>
/// <remarks>
/// The records for consistent index, term, membership and storage version are left out, so that members with equal state have
/// equal hashes. Source: reference, hash. For testing only; O(records).
/// </remarks>
public static class WholeHash
{
    /// <summary>The hash of a root.</summary>
    public static uint Of(StoreRoot root)
    {
        ArgumentNullException.ThrowIfNull(root);
        var sink = new Sink();
        EtcdSchema.Write(root.Kv, RootImage.Of(root), sink);
        return sink.Hash;
    }

    private sealed class Sink : IBucketSink
    {
        private bool _isMeta;

        public uint Hash { get; private set; }

        public void BeginBucket(ReadOnlySpan<byte> name)
        {
            _isMeta = name.SequenceEqual("meta"u8);
            Hash = Crc32C.Append(Hash, name);
        }

        public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            if (_isMeta && (key.SequenceEqual("consistent_index"u8) || key.SequenceEqual("term"u8) || key.SequenceEqual("storageVersion"u8)))
            {
                return;
            }
            Hash = Crc32C.Append(Crc32C.Append(Hash, key), value);
        }

        public void EndBucket()
        {
        }
    }
}

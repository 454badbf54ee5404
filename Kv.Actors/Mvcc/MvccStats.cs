namespace Kv.Actors.Mvcc;

/// <summary>Sizes of a store, kept up to date by every change.</summary>
/// <param name="Keys">Live keys now.</param>
/// <param name="Records">Versions and tombstones held.</param>
/// <param name="RecordBytes">What these records take in a bbolt leaf: element header, record key and message.</param>
public readonly record struct MvccStats(long Keys, long Records, long RecordBytes)
{
    private const long PageBytes = 4096;
    private const long FixedPages = 24;     // two metas, freelist, root, and a page or two for each of ten buckets

    /// <summary>About what a bbolt file of this state takes, in bytes, in whole pages.</summary>
    public long SizeBytes => (FixedPages + ((RecordBytes + (RecordBytes >> 4)) / PageBytes) + 1) * PageBytes;

    /// <summary>About what of <see cref="SizeBytes"/> is data. Nothing is ever left for a defragmentation to win back.</summary>
    public long SizeInUseBytes => SizeBytes;
}

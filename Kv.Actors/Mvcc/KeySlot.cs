using System.Runtime.CompilerServices;
using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

/// <summary>What the tree holds for a key: its only version, or all of them. Most keys have one and pay for no more.</summary>
internal static class KeySlot
{
    internal static byte[] Key(object slot) =>
        slot.GetType() == typeof(KeyVersion) ? Unsafe.As<KeyVersion>(slot).Key : ((KeyHistory)slot).Key;

    /// <summary>The newest version, which may be a tombstone.</summary>
    internal static KeyVersion Newest(object slot) =>
        slot.GetType() == typeof(KeyVersion) ? Unsafe.As<KeyVersion>(slot) : ((KeyHistory)slot).Newest;

    /// <summary>The newest version at or before main revision <paramref name="revision"/>, a tombstone perhaps; null if there is none.</summary>
    internal static KeyVersion? At(object slot, long revision)
    {
        if (slot is KeyVersion only)
        {
            return only.ModRevision <= revision ? only : null;
        }
        return ((KeyHistory)slot).At(revision);
    }

    /// <summary>As <see cref="At"/>, but null where the key was deleted.</summary>
    internal static KeyVersion? LiveAt(object slot, long revision) => At(slot, revision) is { IsTombstone: false } version ? version : null;

    /// <summary>The slot with <paramref name="version"/> as its newest. The slot given stays as it is.</summary>
    internal static object With(object slot, KeyVersion version) =>
        slot is KeyVersion only ? new KeyHistory(only, version) : ((KeyHistory)slot).With(version);

    /// <summary>How many of the oldest versions a compaction at <paramref name="revision"/> takes away.</summary>
    /// <remarks>Kept are all above the revision, and the newest at or below it if it is a put or a tombstone exactly there.</remarks>
    internal static int Superseded(object slot, long revision)
    {
        if (slot is KeyVersion only)
        {
            return IsKept(only, revision) ? 0 : 1;
        }
        var history = (KeyHistory)slot;
        var index = history.IndexAt(revision);
        if (index < 0)
        {
            return 0;
        }
        return IsKept(history[index], revision) ? index : index + 1;
    }

    /// <summary>Whether the newest version at or below a compaction's revision outlives it.</summary>
    internal static bool IsKept(KeyVersion newest, long revision) => !newest.IsTombstone || newest.ModRevision >= revision;
}

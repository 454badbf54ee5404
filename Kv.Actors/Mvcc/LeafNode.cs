using System.Numerics;

namespace Kv.Actors.Mvcc;

/// <summary>Keys and their versions. A bit for each says whether the key is dead, so counting live ones is counting bits.</summary>
/// <remarks>A slot holds a <see cref="Model.KeyVersion"/> or, from the second version on, a <see cref="KeyHistory"/>.</remarks>
internal sealed class LeafNode : KeyNode
{
    internal readonly object[] Slots = new object[Capacity];
    internal ulong Dead;

    internal LeafNode(long stamp)
        : base(stamp)
    {
    }

    private LeafNode(long stamp, LeafNode original)
        : base(stamp, original)
    {
        Dead = original.Dead;
        Array.Copy(original.Slots, Slots, Count);
    }

    internal override int Live => Count - BitOperations.PopCount(Dead);

    internal bool IsLive(int index) => (Dead >> index & 1) == 0;

    /// <summary>Live keys among the first <paramref name="index"/>.</summary>
    internal int LiveBefore(int index) => index - BitOperations.PopCount(Dead & Below(index));

    internal override byte[] KeyAt(int index) => KeySlot.Key(Slots[index]);

    internal void Insert(int index, object slot, bool live)
    {
        InsertMark(index, KeySlot.Key(slot));
        Array.Copy(Slots, index, Slots, index + 1, Count - index);
        Slots[index] = slot;
        var low = Dead & Below(index);
        Dead = low | (Dead & ~Below(index)) << 1 | (live ? 0UL : 1UL << index);
        Count++;
    }

    internal void Replace(int index, object slot, bool live)
    {
        Slots[index] = slot;
        Dead = live ? Dead & ~(1UL << index) : Dead | 1UL << index;
    }

    internal void RemoveAt(int index)
    {
        RemoveMark(index);
        Array.Copy(Slots, index + 1, Slots, index, Count - index - 1);
        Slots[Count - 1] = null!;
        Dead = (Dead & Below(index)) | (Dead >> 1 & ~Below(index));
        Count--;
    }

    internal override KeyNode Copy(long stamp) => new LeafNode(stamp, this);

    internal override KeyNode SplitAt(int index, long stamp)
    {
        var right = new LeafNode(stamp) { Count = Count - index };
        Array.Copy(Slots, index, right.Slots, 0, right.Count);
        Array.Clear(Slots, index, right.Count);
        right.Dead = index == Capacity ? 0 : Dead >> index;
        Dead &= Below(index);
        Count = index;
        MarkAnew();
        right.MarkAnew();
        return right;
    }

    internal override void Absorb(KeyNode right, byte[] separator)
    {
        var other = (LeafNode)right;
        Array.Copy(other.Slots, 0, Slots, Count, other.Count);
        Dead |= other.Dead << Count;
        Count += other.Count;
        MarkAnew();
    }

    private static ulong Below(int index) => index == Capacity ? ulong.MaxValue : (1UL << index) - 1;
}

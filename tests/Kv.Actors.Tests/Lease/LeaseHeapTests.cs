using FsCheck;
using FsCheck.Fluent;
using Kv.Actors.Lease;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Lease;

public sealed class LeaseHeapTests
{
    [Fact]
    public void Any_sequence_of_add_update_and_remove_keeps_the_heap_and_its_order() =>
        Prop.ForAll<(byte What, int Which, int Due)[]>(operations =>
        {
            var heap = new LeaseHeap();
            var handles = new List<(int Handle, LeaseId Lease)>();
            var model = new Dictionary<LeaseId, long>();
            var next = 1L;
            foreach (var (what, which, due) in operations)
            {
                if (what % 3 == 0 || handles.Count == 0)
                {
                    var lease = new LeaseId(next++);
                    handles.Add((heap.Add(lease, new MonotonicTime(due)), lease));
                    model[lease] = due;
                }
                else
                {
                    var index = (int)((uint)which % (uint)handles.Count);
                    var (handle, lease) = handles[index];
                    if (what % 3 == 1)
                    {
                        heap.Update(handle, new MonotonicTime(due));
                        model[lease] = due;
                    }
                    else
                    {
                        heap.Remove(handle);
                        handles.RemoveAt(index);
                        model.Remove(lease);
                    }
                }
                if (!heap.IsConsistent() || heap.Count != model.Count)
                {
                    return false;
                }
                if (heap.TryPeek(out var first, out var earliest)
                    && (earliest.Nanoseconds != model.Values.Min() || model[first] != earliest.Nanoseconds))
                {
                    return false;
                }
            }
            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_empty_heap_has_no_top_and_clear_empties_it()
    {
        var heap = new LeaseHeap();
        Assert.False(heap.TryPeek(out _, out var never));
        Assert.Equal(MonotonicTime.Never, never);
        for (var i = 0; i < 100; i++)
        {
            heap.Add(new LeaseId(i + 1), new MonotonicTime(100 - i));
        }
        heap.Clear();
        Assert.Equal(0, heap.Count);
        Assert.Equal(0, heap.Add(new LeaseId(5), new MonotonicTime(1)));
        Assert.True(heap.IsConsistent());
    }
}

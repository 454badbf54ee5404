using Kv.Actors.Model;

namespace Kv.Actors.Lease;

/// <summary>A dense array of <see cref="LeaseFact"/> that can be frozen in next to no time: two levels of small pages, copied when
/// they are written for the first time after a freeze.</summary>
/// <remarks><code>
///  root      one reference to each branch              copied by Freeze
///  branch    32 references to pages                    copied when a page below it is written after a freeze
///  page      32 facts of 24 bytes                      copied when written after a freeze
/// </code></remarks>
internal sealed class LeasePages
{
    internal const int PageSize = 32;
    internal const int BranchSize = 32;

    private Branch[] _root = [];
    private long _stamp;
    private LeaseView? _view;

    /// <summary>Facts held, in slots 0 to Count - 1.</summary>
    public int Count { get; private set; }

    /// <summary>The fact in <paramref name="slot"/>.</summary>
    public LeaseFact this[int slot]
    {
        get => _root[slot / (PageSize * BranchSize)].Pages[slot / PageSize % BranchSize]!.Facts[slot % PageSize];
        set => Writable(slot).Facts[slot % PageSize] = value;
    }

    /// <summary>Appends; returns the slot.</summary>
    public int Add(LeaseFact fact)
    {
        var slot = Count;
        var branch = slot / (PageSize * BranchSize);
        if (branch == _root.Length)
        {
            Array.Resize(ref _root, branch + 1);
            _root[branch] = new Branch(_stamp);
        }
        this[slot] = fact;
        Count++;
        return slot;
    }

    /// <summary>Takes the last fact into <paramref name="slot"/>.</summary>
    /// <returns>The lease that moved there; none if the last one was removed.</returns>
    public LeaseId RemoveAt(int slot)
    {
        var last = Count - 1;
        var moved = LeaseId.None;
        if (slot != last)
        {
            var fact = this[last];
            this[slot] = fact;
            moved = fact.Id;
        }
        this[last] = default;
        Count--;
        if (last % (PageSize * BranchSize) == 0)
        {
            Array.Resize(ref _root, _root.Length - 1);
        }
        return moved;
    }

    /// <summary>What is here now, for good. The same object again while nothing has changed.</summary>
    public LeaseView Freeze()
    {
        if (_view is null)
        {
            _stamp++;                                      // every page is older than the stamp now, so none is written in place
            _view = new LeaseView([.. _root], Count);
        }
        return _view;
    }

    private Page Writable(int slot)
    {
        _view = null;
        ref var branch = ref _root[slot / (PageSize * BranchSize)];
        if (branch.Stamp != _stamp)
        {
            branch = new Branch(_stamp, branch);
        }
        ref var page = ref branch.Pages[slot / PageSize % BranchSize];
        if (page is null || page.Stamp != _stamp)
        {
            page = new Page(_stamp, page);
        }
        return page;
    }

    internal sealed class Branch
    {
        public Branch(long stamp, Branch? from = null)
        {
            Stamp = stamp;
            from?.Pages.CopyTo(Pages, 0);
        }

        public long Stamp { get; }

        public Page?[] Pages { get; } = new Page?[BranchSize];
    }

    internal sealed class Page
    {
        public Page(long stamp, Page? from)
        {
            Stamp = stamp;
            from?.Facts.CopyTo(Facts, 0);
        }

        public long Stamp { get; }

        public LeaseFact[] Facts { get; } = new LeaseFact[PageSize];
    }
}

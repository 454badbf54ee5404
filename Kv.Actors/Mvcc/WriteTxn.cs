using Kv.Actors.Model;

namespace Kv.Actors.Mvcc;

public sealed partial class MvccStore
{
    /// <summary>One main revision in the making. Reads see its own writes. There is no undoing: check first, then write.</summary>
    /// <remarks>The store hands out the same object each time; keep nothing of it after <see cref="End"/>.</remarks>
    public sealed class WriteTxn : IKvReader
    {
        private readonly MvccStore _store;
        private long _begin;
        private int _changes;

        internal WriteTxn(MvccStore store) => _store = store;

        internal bool IsOpen { get; private set; }

        /// <summary>Changes made so far.</summary>
        public int Changes => _changes;

        /// <inheritdoc/>
        public long CurrentRevision => _changes > 0 ? _begin + 1 : _begin;

        /// <inheritdoc/>
        public long CompactRevision => _store._compact;

        /// <summary>Main revision that a write here gets.</summary>
        public long WriteRevision => _begin + 1;

        /// <inheritdoc/>
        public KeyVersion? Get(ReadOnlySpan<byte> key) =>
            KeyTree.Find(_store._tree.Root, key) is { } slot && KeySlot.Newest(slot) is { IsTombstone: false } newest ? newest : null;

        /// <inheritdoc/>
        public Outcome<RangeResult> Range(in RangeQuery query) =>
            RangeReader.Read(_store._tree.Root, CurrentRevision, _store._compact, query);

        /// <summary>Sets a key. O(log n).</summary>
        /// <param name="key">Kept if the key is new; not copied.</param>
        /// <param name="value">Kept, not copied.</param>
        /// <param name="lease">Attached to this version; none for no lease.</param>
        /// <returns>The live version this one replaces, or null.</returns>
        public KeyVersion? Put(byte[] key, byte[] value, LeaseId lease)
        {
            ArgumentNullException.ThrowIfNull(key);
            ArgumentNullException.ThrowIfNull(value);
            RequireOpen();
            return _store.Put(key, value, new Revision(_begin + 1, _changes++), lease);
        }

        /// <summary>Deletes every live key of a range in key order. O(log n) for each.</summary>
        /// <returns>What they were.</returns>
        public RangeResult DeleteRange(KeyRange range)
        {
            RequireOpen();
            var deleted = Range(new RangeQuery(range)).Value
                ?? throw new InvalidOperationException($"newest state unreadable at revision {CurrentRevision}");
            foreach (var victim in deleted.Kvs)
            {
                _store.Delete(victim.Key, new Revision(_begin + 1, _changes++));
            }
            return deleted;
        }

        /// <summary>Closes the transaction. Returns the store's revision: one more than before if anything changed.</summary>
        public long End()
        {
            RequireOpen();
            IsOpen = false;
            return _store._current = CurrentRevision;
        }

        internal void Begin(long current)
        {
            if (IsOpen)
            {
                throw new InvalidOperationException($"a transaction is open at revision {_begin}");
            }
            IsOpen = true;
            _begin = current;
            _changes = 0;
        }

        private void RequireOpen()
        {
            if (!IsOpen)
            {
                throw new InvalidOperationException("no transaction is open");
            }
        }
    }
}

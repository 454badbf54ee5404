namespace Kv.Testing.History;

/// <summary>The store as a function: what a request does to a state, and what the answer must then be.</summary>
/// <param name="revisions">
/// Whether answers carry revisions. Without them keys are plain registers: revisions and versions are neither kept nor compared,
/// and the order of changes to different keys leaves no trace. Reads of earlier states are not for it: <see cref="PastReadJudge"/> has them.
/// </param>
public sealed class KvModel(bool revisions = true)
{
    /// <summary>Whether answers carry revisions.</summary>
    public bool Revisions => revisions;

    /// <summary>The state after a request and its answer. The very same state when nothing was changed; no answer when the store must refuse.</summary>
    public (KvState Next, KvAnswer? Answer) Apply(KvState state, KvRequest request)
    {
        var write = new Write(state, revisions);
        var answer = write.Do(request);
        if (answer is null)
        {
            return (state, null);
        }
        var next = write.End();
        return (next, answer with { Revision = revisions ? next.Revision : 0 });
    }

    /// <summary>Whether a recorded answer is the one the model gives. Revisions that the record lacks are not compared.</summary>
    public bool Matches(KvAnswer? expected, KvAnswer recorded) => expected is not null
        && (!revisions || recorded.Revision == 0 || recorded.Revision == expected.Revision)
        && (expected, recorded) switch
        {
            (KvAnswer.Range e, KvAnswer.Range r) => e.Count == r.Count && e.More == r.More && Same(e.Kvs, r.Kvs),
            (KvAnswer.Put e, KvAnswer.Put r) => Same(e.Previous, r.Previous),
            (KvAnswer.Delete e, KvAnswer.Delete r) => e.Deleted == r.Deleted && Same(e.Previous, r.Previous),
            (KvAnswer.Txn e, KvAnswer.Txn r) => e.Succeeded == r.Succeeded && e.Answers.Count == r.Answers.Count
                && e.Answers.Zip(r.Answers).All(pair => Matches(pair.First, pair.Second with { Revision = 0 })),
            (KvAnswer.Revoke, KvAnswer.Revoke) => true,
            _ => false,
        };

    private bool Same(IReadOnlyList<KeyRecord> expected, IReadOnlyList<KeyRecord> recorded) =>
        expected.Count == recorded.Count && expected.Zip(recorded).All(pair => Same(pair.First, pair.Second));

    private bool Same(KeyRecord? expected, KeyRecord? recorded) => revisions || expected is null || recorded is null
        ? expected == recorded
        : expected.Key == recorded.Key && expected.Value == recorded.Value;

    /// <summary>One request under way: everything it changes gets the next revision.</summary>
    private sealed class Write(KvState before, bool revisions)
    {
        private readonly long _next = before.Revision + 1;
        private KvState _state = before;
        private bool _changed;

        public KvState End() => _changed && revisions ? _state.WithRevision(_next) : _state;

        public KvAnswer? Do(KvRequest request) => request switch
        {
            KvRequest.Range range => Range(range),
            KvRequest.Put put => Put(put),
            KvRequest.Delete delete => Delete(delete),
            KvRequest.Txn txn => Txn(txn),
            KvRequest.Revoke revoke => Revoke(revoke),
            _ => throw new ArgumentOutOfRangeException(nameof(request)),
        };

        private KvAnswer.Range Range(KvRequest.Range range)
        {
            KeyRecord[] all = [.. _state.In(range.Key, range.End)];
            return range.Limit > 0 && all.Length > range.Limit
                ? new KvAnswer.Range(all[..(int)range.Limit], all.Length, More: true)
                : new KvAnswer.Range(all, all.Length);
        }

        private KvAnswer.Put? Put(KvRequest.Put put)
        {
            if (put.Lease != 0 && _state.DeadLeases.Contains(put.Lease))
            {
                return null;
            }
            var previous = _state.Keys.GetValueOrDefault(put.Key);
            _state = _state.With(revisions
                ? new KeyRecord(put.Key, put.Value, previous?.CreateRevision ?? _next, _next, (previous?.Version ?? 0) + 1, put.Lease)
                : new KeyRecord(put.Key, put.Value, 0, 0, 0, put.Lease));
            _changed = true;
            return new KvAnswer.Put(put.PrevKv ? previous : null);
        }

        private KvAnswer.Delete Delete(KvRequest.Delete delete)
        {
            KeyRecord[] gone = [.. _state.In(delete.Key, delete.End)];
            Remove(gone);
            return new KvAnswer.Delete(gone.Length, delete.PrevKv ? gone : []);
        }

        private KvAnswer.Txn? Txn(KvRequest.Txn txn)
        {
            var succeeded = txn.Compares.All(Holds);
            var answers = new List<KvAnswer>();
            foreach (var request in succeeded ? txn.Then : txn.Else)
            {
                if (Do(request) is not { } answer)
                {
                    return null;
                }
                answers.Add(answer);
            }
            return new KvAnswer.Txn(succeeded, answers);
        }

        private KvAnswer.Revoke? Revoke(KvRequest.Revoke revoke)
        {
            if (_state.DeadLeases.Contains(revoke.Lease))
            {
                return null;
            }
            Remove([.. _state.Keys.Values.Where(k => k.Lease == revoke.Lease)]);
            _state = _state.WithDead(revoke.Lease);
            return new KvAnswer.Revoke();
        }

        private void Remove(KeyRecord[] gone)
        {
            foreach (var key in gone)
            {
                _state = _state.Without(key);
                _changed = true;
            }
        }

        private bool Holds(KvCompare compare)
        {
            var key = _state.Keys.GetValueOrDefault(compare.Key);
            return compare.Of switch
            {
                CompareOf.Version => (key?.Version ?? 0) == compare.Number,
                CompareOf.Create => (key?.CreateRevision ?? 0) == compare.Number,
                CompareOf.Mod => (key?.ModRevision ?? 0) == compare.Number,
                _ => key is not null && key.Value == compare.Value,
            };
        }
    }
}

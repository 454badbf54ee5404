using Kv.Testing.History;

namespace Kv.Chaos.Tests.History;

/// <summary>A history that is right by construction: clients work at the same time on one store, which does each request at some moment between call and return.</summary>
internal sealed class GeneratedHistory
{
    private readonly Random _random;
    private readonly KvModel _model;
    private readonly List<Operation> _operations = [];
    private KvState _state = KvState.Empty;
    private long _order;
    private int _value;

    public GeneratedHistory(int seed, int clients, int operations, bool revisions = true, double unknown = 0.1)
    {
        (_random, _model) = (new Random(seed), new KvModel(revisions));
        Watch.Open("m1");
        var running = new List<Running>();
        while (_operations.Count < operations || running.Count > 0)
        {
            if (_operations.Count < operations && running.Count(static r => !r.Lost) < clients && _random.Next(2) == 0)
            {
                running.Add(new Running(_operations.Count, Next()));
                _operations.Add(new Operation($"c{_operations.Count}", running[^1].Request, null, Fate.Unknown, Now(), Moment.Never));
            }
            else if (running.Count > 0)
            {
                Advance(running, _random.Next(running.Count), unknown, ending: _operations.Count >= operations);
            }
        }
        // The last read sees everything, as the harness's does.
        var (call, answer) = (Now(), _model.Apply(_state, new KvRequest.Range("", "\0")).Answer);
        _operations.Add(new Operation("last", new KvRequest.Range("", "\0"), answer, Fate.Known, call, Now()));
    }

    public IReadOnlyList<Operation> Operations => _operations;

    public WatchLog Watch { get; } = new("w", "", "\0", prevKv: true);

    public LinearizabilityResult Check(bool withWatch = true) => LinearizabilityChecker.Check(_operations, withWatch ? [Watch] : []);

    private Moment Now() => new(++_order, TimeSpan.FromMilliseconds(_order));

    private void Advance(List<Running> running, int index, double unknown, bool ending)
    {
        var one = running[index];
        if (!one.Done && !(ending && one.Lost && _random.Next(2) == 0))
        {
            var (next, answer) = _model.Apply(_state, one.Request);
            if (answer is not null)
            {
                Tell(_state, next);
                _state = next;
            }
            (one.Done, one.Answer) = (true, answer);
        }
        else if (!one.Lost && _random.NextDouble() < unknown)
        {
            one.Lost = true;                              // the client gives up; the store may not have begun
        }
        if (one.Lost)
        {
            if (one.Done || ending) running.RemoveAt(index);
            return;
        }
        if (one.Done && _random.Next(2) == 0)
        {
            _operations[one.Index] = _operations[one.Index] with { Answer = one.Answer, Fate = one.Answer is null ? Fate.Failed : Fate.Known, Return = Now() };
            running.RemoveAt(index);
        }
        else if (!one.Done)
        {
            return;
        }
        else if (_random.NextDouble() < unknown)
        {
            running.RemoveAt(index);                      // done, but the answer was lost
        }
    }

    private void Tell(KvState before, KvState after)
    {
        if (!_model.Revisions || before.Revision == after.Revision)
        {
            return;
        }
        var events = after.Keys.Values.Where(k => k.ModRevision == after.Revision)
            .Select(k => new WatchEvent(false, k, before.Keys.GetValueOrDefault(k.Key)))
            .Concat(before.Keys.Values.Where(k => !after.Keys.ContainsKey(k.Key)).Select(k => new WatchEvent(true, new KeyRecord(k.Key, "", 0, after.Revision, 0, 0), k)));
        Watch.Add(new WatchBatch(Now(), after.Revision, [.. events]));
    }

    private KvRequest Next()
    {
        string Key() => $"k{_random.Next(3)}";
        string Value() => $"v{++_value}";
        return _random.Next(_model.Revisions ? 7 : 4) switch
        {
            0 or 1 => new KvRequest.Put(Key(), Value(), PrevKv: _random.Next(2) == 0),
            2 or 3 => new KvRequest.Range(Key()),
            4 => new KvRequest.Delete("k0", _random.Next(2) == 0 ? "k2" : null, PrevKv: true),
            5 => new KvRequest.Range("k0", "k9"),
            _ => Key() is var key && _state.Keys.GetValueOrDefault(key) is var now
                ? new KvRequest.Txn([new KvCompare(key, CompareOf.Mod, now?.ModRevision ?? 0)], [new KvRequest.Put(key, Value())], [new KvRequest.Range(key)])
                : throw new InvalidOperationException(),
        };
    }

    private sealed class Running(int index, KvRequest request)
    {
        public int Index { get; } = index;

        public KvRequest Request { get; } = request;

        public bool Done { get; set; }

        public bool Lost { get; set; }

        public KvAnswer? Answer { get; set; }
    }
}

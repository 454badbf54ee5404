using Kv.Testing.History;

namespace Kv.Chaos.Tests.History;

/// <summary>The ways to lie.</summary>
public enum Lie
{
    StaleRead,
    LostWrite,
    DoubleApply,
    AbortedRead,
    SplitTransaction,
    LostUpdate,
    WatchSkips,
    WatchRepeats,
    LeaseEndsEarly,
}

/// <summary>A store with clients, in one thread: does what it is asked, but lies once about half-way, if it is to.</summary>
internal sealed class LyingStore(int seed, Lie lie, bool lies)
{
    private const int Requests = 120;

    private static readonly TimeSpan s_ttl = TimeSpan.FromMilliseconds(400);

    private readonly Random _random = new(seed);
    private readonly KvModel _model = new();
    private readonly List<Operation> _operations = [];
    private readonly List<KvState> _states = [KvState.Empty];
    private readonly WatchLog _watch = new("w", "", "\0", prevKv: true);
    private WatchBatch? _lastSent;
    private long _order;
    private int _value;
    private bool _mayLie = lies;

    private KvState State => _states[^1];

    /// <summary>All that its clients saw.</summary>
    public RunHistory Run()
    {
        _watch.Open("m1");
        var granted = new LeaseCall("holder", Now(), Now(), LeaseAnswer.Alive, s_ttl);
        var lease = new LeaseLog(7, granted);
        Do(new KvRequest.Put("leased", "1", lease.Id));
        for (var i = 0; i < Requests; i++)
        {
            var due = i > Requests / 2;
            if (i == Requests - 10 && State.Keys.ContainsKey("leased"))
            {
                _order += (long)s_ttl.TotalMilliseconds;
                Expire(lease);
            }
            else if (due && _mayLie && lie == Lie.LeaseEndsEarly)
            {
                _mayLie = false;
                lease.Add(new LeaseCall("holder", Now(), Now(), LeaseAnswer.Alive, s_ttl));
                Expire(lease);
            }
            else
            {
                Do(Next(), due);
            }
        }
        Do(new KvRequest.Range("", "\0"));
        return new RunHistory { Operations = _operations, Watches = [_watch], Leases = [lease], WatchersCaughtUp = true };
    }

    private void Do(KvRequest request, bool due = false)
    {
        var call = Now();
        var answer = due && _mayLie ? Lying(request) : null;
        answer ??= Apply(request);
        _operations.Add(new Operation($"c{_operations.Count}", request, answer, Fate.Known, call, Now()));
    }

    private KvAnswer? Lying(KvRequest request)
    {
        var answer = (lie, request) switch
        {
            (Lie.StaleRead, KvRequest.Range) when Older(request) is { } older => older,
            (Lie.LostWrite, KvRequest.Put) => _model.Apply(State, request).Answer,
            (Lie.DoubleApply, KvRequest.Put) => Twice(request),
            (Lie.AbortedRead, KvRequest.Range { End: null } range) => Aborted(range),
            (Lie.SplitTransaction, KvRequest.Txn { Then.Count: 2 } txn) => Split(txn),
            (Lie.LostUpdate, KvRequest.Txn { Else.Count: 1 } txn) when _model.Apply(State, txn).Answer is KvAnswer.Txn { Succeeded: false } =>
                Apply(txn with { Compares = [] }),
            (Lie.WatchSkips or Lie.WatchRepeats, KvRequest.Put) => Apply(request, tell: false),
            _ => null,
        };
        _mayLie = answer is null;
        return answer;
    }

    private KvAnswer? Apply(KvRequest request, bool tell = true)
    {
        var (before, (next, answer)) = (State, _model.Apply(State, request));
        if (next.Revision > before.Revision)
        {
            var events = next.Keys.Values.Where(k => k.ModRevision == next.Revision).Select(k => new WatchEvent(false, k, before.Keys.GetValueOrDefault(k.Key)))
                .Concat(before.Keys.Values.Where(k => !next.Keys.ContainsKey(k.Key)).Select(k => new WatchEvent(true, new KeyRecord(k.Key, "", 0, next.Revision, 0, 0), k)));
            var batch = new WatchBatch(Now(), next.Revision, [.. events]);
            if (tell)
            {
                _watch.Add(batch);
            }
            else if (lie == Lie.WatchRepeats && _lastSent is { } last)
            {
                _watch.Add(last with { At = Now() });
                _watch.Add(batch);
            }
            _lastSent = batch;
        }
        _states.Add(next);
        return answer;
    }

    private KvAnswer? Twice(KvRequest request)
    {
        var answer = Apply(request);
        Apply(request);
        return answer;
    }

    private KvAnswer? Older(KvRequest request)
    {
        var now = _model.Apply(State, request).Answer;
        return _states.AsEnumerable().Reverse().Take(30).Select(s => _model.Apply(s, request).Answer)
            .FirstOrDefault(a => a is KvAnswer.Range old && now is KvAnswer.Range range && !old.Kvs.SequenceEqual(range.Kvs));
    }

    private KvAnswer.Range Aborted(KvRequest.Range range)
    {
        var never = _model.Apply(State, new KvRequest.Put(range.Key, "never")).Next;
        return (KvAnswer.Range)_model.Apply(never, range).Answer!;
    }

    private KvAnswer? Split(KvRequest.Txn txn)
    {
        var half = _model.Apply(State, txn with { Then = [txn.Then[0]] }).Next;
        var read = new KvRequest.Range("", "\0");
        _operations.Add(new Operation("between", read, _model.Apply(half, read).Answer, Fate.Known, Now(), Now()));
        return Apply(txn);
    }

    private void Expire(LeaseLog lease)
    {
        Apply(new KvRequest.Revoke(lease.Id, Expired: true));
        Do(new KvRequest.Range("leased"));
    }

    private Moment Now() => new(++_order, TimeSpan.FromMilliseconds(_order));

    private KvRequest Next()
    {
        string Key() => $"k{_random.Next(4)}";
        var key = Key();
        return _random.Next(6) switch
        {
            0 or 1 => new KvRequest.Put(key, $"v{++_value}"),
            2 => new KvRequest.Range(key),
            3 => new KvRequest.Range("k", "l"),
            4 => new KvRequest.Txn([], [new KvRequest.Put("k0", $"v{++_value}"), new KvRequest.Put("k1", $"v{_value}")], []),
            _ => new KvRequest.Txn(
                [new KvCompare(key, CompareOf.Mod, _random.Next(2) == 0 ? State.Keys.GetValueOrDefault(key)?.ModRevision ?? 0 : 1)],
                [new KvRequest.Put(key, $"v{++_value}")], [new KvRequest.Range(key)]),
        };
    }
}

namespace Kv.Testing.History;

/// <summary>The search for one order of one set of operations, in the manner of Wing and Gong with Lowe's memory of visited points.</summary>
/// <remarks>
/// Calls and returns form one list in order of time. An operation may come next in the order when no other operation returned before
/// it was called, so: when its call stands before the first return still in the list. Taking an operation lifts its call and
/// return out; going back puts them in again.
/// <para>
/// Two things keep the search narrow. What changes nothing and answers right is taken at once: if some order has it later, the same
/// order with it here is as good. And an operation of unknown fate is tried only where it produces a revision that no acknowledged
/// write owns and that agrees with everything seen of that revision (<see cref="RevisionHints"/>); it may stay out for ever.
/// </para>
/// </remarks>
internal sealed class LinearizabilitySearch
{
    private const int Head = 0;

    private readonly KvModel _model;
    private readonly RevisionHints _hints;
    private readonly Operation[] _known;
    private readonly Operation[] _unknown;
    private readonly bool[] _used;                 // of the unknown
    private readonly int[] _next;                  // the list: 0 is the head, 1 + 2k the call of known k, 2 + 2k its return
    private readonly int[] _previous;
    private readonly long _maxSteps;
    private readonly long _target;
    private readonly List<Taken> _trail = [];
    private readonly List<Choice> _choices = [];
    private readonly HashSet<(UInt128 Set, UInt128 State)> _visited = [];
    private readonly KvState _initial;
    private KvState _state;
    private UInt128 _set;
    private int _left;
    private long _steps;
    private int _bestDepth = -1;
    private (Operation[] Order, KvState State, Operation[] Open) _best;

    public LinearizabilitySearch(KvModel model, KvState initial, IEnumerable<Operation> operations, RevisionHints hints, long maxSteps)
    {
        (_model, _hints, _maxSteps, _state, _initial) = (model, hints, maxSteps, initial, initial);
        Operation[] all = [.. operations.OrderBy(static o => o.Call.Order)];
        _known = [.. all.Where(static o => o.Fate == Fate.Known)];
        _unknown = [.. all.Where(static o => o.Fate == Fate.Unknown)];
        _used = new bool[_unknown.Length];
        _left = _known.Length;
        _target = model.Revisions ? hints.Highest : 0;
        (_next, _previous) = Link(_known);
    }

    private readonly record struct Taken(int Index, bool IsUnknown, KvState Before);

    private sealed record Choice(int Depth, List<(int Index, bool IsUnknown, KvState Next)> Candidates)
    {
        public int Tried { get; set; }
    }

    public LinearizabilityResult Run()
    {
        while (true)
        {
            TakeWhatOnlyReads();
            if (_left == 0 && _state.Revision >= _target)
            {
                return new LinearizabilityResult(Verdict.Linearizable, Order(), "", _steps);
            }
            if (_steps > _maxSteps)
            {
                Remember();
                return new LinearizabilityResult(Verdict.Undecided, _best.Order, $"given up after {_steps} steps.\n{Explain()}", _steps);
            }
            if (_visited.Add((_set, _state.Fingerprint)))
            {
                _choices.Add(new Choice(_trail.Count, Candidates()));
                if (_choices[^1].Candidates.Count == 0)
                {
                    Remember();
                }
            }
            if (!TakeNextChoice())
            {
                return new LinearizabilityResult(Verdict.NotLinearizable, _best.Order, Explain(), _steps);
            }
        }
    }

    /// <summary>Goes back to the newest choice with something left to try, and tries it.</summary>
    private bool TakeNextChoice()
    {
        while (_choices.Count > 0)
        {
            var choice = _choices[^1];
            UndoTo(choice.Depth);
            if (choice.Tried < choice.Candidates.Count)
            {
                var (index, isUnknown, next) = choice.Candidates[choice.Tried++];
                Take(index, isUnknown, next);
                return true;
            }
            _choices.RemoveAt(_choices.Count - 1);
        }
        return false;
    }

    private void TakeWhatOnlyReads()
    {
        var node = _next[Head];
        while (node != Head && IsCall(node))
        {
            var index = (node - 1) / 2;
            var following = _next[node];
            if (CouldAnswerNow(_known[index]) && Step(_known[index]) is { } next && ReferenceEquals(next, _state))
            {
                Take(index, isUnknown: false, next);
                following = _next[Head];               // a return may have gone with it: what is allowed has changed
            }
            node = following;
        }
    }

    private List<(int, bool, KvState)> Candidates()
    {
        var found = new List<(int, bool, KvState)>();
        var node = _next[Head];
        for (; node != Head && IsCall(node); node = _next[node])
        {
            var index = (node - 1) / 2;
            if (CouldAnswerNow(_known[index]) && Step(_known[index]) is { } next)
            {
                found.Add((index, false, next));
            }
        }
        if (_model.Revisions && _hints.OwnerOf(_state.Revision + 1) is not null)
        {
            return found;                              // an acknowledged write must come next
        }
        var firstReturn = node == Head ? long.MaxValue : _known[(node - 1) / 2].Return.Order;
        for (var i = 0; i < _unknown.Length && _unknown[i].Call.Order < firstReturn; i++)
        {
            if (!_used[i] && Step(_unknown[i]) is { } next && !ReferenceEquals(next.Keys, _state.Keys))
            {
                found.Add((i, true, next));
            }
        }
        // What a client asked for rather than what the cluster may do by itself: an expiry is believed when nothing else explains it.
        return found.Count < 2 ? found : [.. found.OrderBy(c => c.Item2 && _unknown[c.Item1].Request is KvRequest.Revoke { Expired: true })];
    }

    /// <summary>The state after an operation here; null when its answer or a hint rules that out.</summary>
    private KvState? Step(Operation operation)
    {
        _steps++;
        var (next, answer) = _model.Apply(_state, operation.Request);
        if (answer is null || (operation.Fate == Fate.Known && !_model.Matches(answer, operation.Answer!)))
        {
            return null;
        }
        return !_model.Revisions || next.Revision == _state.Revision || _hints.Allow(operation, _state, next) ? next : null;
    }

    /// <summary>Cheap look before the step: an answer shows this revision, or the next if it changed something.</summary>
    private bool CouldAnswerNow(Operation operation) => !_model.Revisions || operation.Answer!.Revision == 0
        || operation.Answer.Revision == _state.Revision + (operation.Answer.Changed ? 1 : 0);

    private void Take(int index, bool isUnknown, KvState next)
    {
        _trail.Add(new Taken(index, isUnknown, _state));
        _state = next;
        _set ^= Fingerprints.Of(index, isUnknown ? 0xabUL : 0xcdUL);
        if (isUnknown)
        {
            _used[index] = true;
            return;
        }
        _left--;
        Lift(1 + (2 * index));
        Lift(2 + (2 * index));
    }

    private void UndoTo(int depth)
    {
        while (_trail.Count > depth)
        {
            var (index, isUnknown, before) = _trail[^1];
            _trail.RemoveAt(_trail.Count - 1);
            _state = before;
            _set ^= Fingerprints.Of(index, isUnknown ? 0xabUL : 0xcdUL);
            if (isUnknown)
            {
                _used[index] = false;
                continue;
            }
            _left++;
            PutBack(2 + (2 * index));
            PutBack(1 + (2 * index));
        }
    }

    private static bool IsCall(int node) => (node & 1) == 1;

    private void Lift(int node) => (_next[_previous[node]], _previous[_next[node]]) = (_next[node], _previous[node]);

    private void PutBack(int node) => (_next[_previous[node]], _previous[_next[node]]) = (node, node);

    private static (int[] Next, int[] Previous) Link(Operation[] known)
    {
        var order = Enumerable.Range(0, known.Length)
            .SelectMany(i => new[] { (Node: 1 + (2 * i), At: known[i].Call.Order, IsReturn: 0), (Node: 2 + (2 * i), At: known[i].Return.Order, IsReturn: 1) })
            .OrderBy(static e => e.At).ThenBy(static e => e.IsReturn)       // the same moment: taken as overlapping
            .Select(static e => e.Node);
        var (next, previous, last) = (new int[1 + (2 * known.Length)], new int[1 + (2 * known.Length)], Head);
        foreach (var node in order)
        {
            (next[last], previous[node], last) = (node, last, node);
        }
        (next[last], previous[Head]) = (Head, last);
        return (next, previous);
    }

    private Operation[] Order() => [.. _trail.Select(t => t.IsUnknown ? _unknown[t.Index] : _known[t.Index])];

    /// <summary>Keeps the furthest point for the explanation.</summary>
    private void Remember()
    {
        if (_trail.Count <= _bestDepth)
        {
            return;
        }
        _bestDepth = _trail.Count;
        var open = new List<Operation>();
        for (var node = _next[Head]; node != Head && IsCall(node); node = _next[node])
        {
            open.Add(_known[(node - 1) / 2]);
        }
        _best = (Order(), _state, [.. open]);
    }

    private string Explain()
    {
        if (_best.Order is null)
        {
            return "no operation could come first";
        }
        return Counterexample.Text(_model, _hints, _initial, _best.Order, _best.State, _best.Open, [.. _unknown.Except(_best.Order)]);
    }
}

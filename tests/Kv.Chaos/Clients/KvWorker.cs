using Kv.Testing.History;

namespace Kv.Chaos.Clients;

/// <summary>One client that reads and writes, one request at a time, on one member until that fails or it feels like another.</summary>
internal sealed class KvWorker(ClientContext context, string name, int seed)
{
    private const int Keys = 8;
    private const int Accounts = 4;

    private readonly Random _random = new(seed);
    private readonly Dictionary<string, long> _modRevisions = new(StringComparer.Ordinal);
    private int _values;

    /// <summary>A key that single operations are about.</summary>
    public static string Key(int index) => $"k{index}";

    /// <summary>Every key that workers write.</summary>
    public static IEnumerable<string> AllKeys => Enumerable.Range(0, Keys).Select(Key).Concat(Enumerable.Range(0, Accounts).Select(Account));

    /// <summary>Works until the time of faults is over.</summary>
    public async Task RunAsync()
    {
        var members = context.Connect(name);
        try
        {
            for (var at = _random.Next(members.Length); !context.Faults.IsCancellationRequested;)
            {
                var done = await members[at].DoAsync(context.History, Next(), ClientContext.Patience);
                Learn(done);
                if (done.Fate != Fate.Known || _random.Next(40) == 0)
                {
                    at = (at + 1 + _random.Next(members.Length - 1)) % members.Length;
                }
                // After a failure longer: each further write of unknown fate says nothing that the first did not.
                await ClientContext.RestAsync(_random, done.Fate == Fate.Known ? context.Pace : 10 * context.Pace, context.Faults);
            }
        }
        finally
        {
            foreach (var member in members)
            {
                member.Dispose();
            }
        }
    }

    private static string Account(int index) => $"a{index}";

    private string Value() => $"{name}-{++_values}";

    private string AnyKey() => Key(_random.Next(Keys));

    private KvRequest Next() => _random.Next(100) switch
    {
        < 24 => new KvRequest.Put(AnyKey(), Value(), PrevKv: _random.Next(3) == 0),
        < 44 => new KvRequest.Range(AnyKey()),
        < 52 => new KvRequest.Range("k", "l", Limit: _random.Next(3) == 0 ? 3 : 0),
        < 57 => new KvRequest.Delete(AnyKey(), PrevKv: _random.Next(2) == 0),
        < 58 => new KvRequest.Delete("k2", "k5", PrevKv: true),
        < 74 => Swap(AnyKey()),
        < 80 => Transfer(),
        < 83 => new KvRequest.Txn([], [new KvRequest.Range("a", "b"), new KvRequest.Range(AnyKey())], []),
        < 93 => new KvRequest.Range(AnyKey(), Serializable: true),
        < 97 => new KvRequest.Range("a", "l", Serializable: true),
        _ => new KvRequest.Range("k", "l", Revision: Math.Max(1, context.Highest - _random.Next(60))),
    };

    /// <summary>Compare-and-swap on what this client last saw of the key: often stale, and then it must fail.</summary>
    private KvRequest.Txn Swap(string key) =>
        new([new KvCompare(key, CompareOf.Mod, _modRevisions.GetValueOrDefault(key))], [new KvRequest.Put(key, Value())], [new KvRequest.Range(key)]);

    /// <summary>Two accounts change together, and are read with a third.</summary>
    private KvRequest.Txn Transfer()
    {
        var from = _random.Next(Accounts);
        var to = (from + 1 + _random.Next(Accounts - 1)) % Accounts;
        return new KvRequest.Txn([], [new KvRequest.Put(Account(from), Value()), new KvRequest.Put(Account(to), Value()), new KvRequest.Range("a", "b")], []);
    }

    private void Learn(Operation done)
    {
        if (done.Answer is not { } answer)
        {
            return;
        }
        context.Saw(answer.Revision);
        foreach (var key in answer.Shown)
        {
            _modRevisions[key.Key] = Math.Max(key.ModRevision, _modRevisions.GetValueOrDefault(key.Key));
        }
        if (done.Request is KvRequest.Put put)
        {
            _modRevisions[put.Key] = answer.Revision;
        }
    }
}

using Kv.Testing.History;

namespace Kv.Simulation.Clients;

/// <summary>Works on a few keys that others work on too: puts, reads of all kinds, deletes, compare-and-swap, transfers between accounts.</summary>
internal sealed class KeyClient(KvCalls calls)
{
    private const int Keys = 5;
    private const int Accounts = 4;
    private const string AccountsEnd = "bank0";
    private long _lastRevision;
    private int _values;

    /// <summary>Each account's money at the start.</summary>
    public const int Money = 100;

    /// <summary>Until it is told to stop.</summary>
    public async Task RunAsync(Func<bool> stopped)
    {
        var random = calls.Caller.Random;
        while (!stopped())
        {
            await OneAsync();
            await calls.Caller.Sleep(TimeSpan.FromMilliseconds(random.NextInt(1, 250)));
        }
    }

    private async Task OneAsync()
    {
        var random = calls.Caller.Random;
        var key = $"key/{random.NextInt(Keys)}";
        var to = calls.AnyMember();
        switch (random.NextInt(16))
        {
            case <= 3:
                await Ask(new KvRequest.Put(key, NewValue(), PrevKv: random.NextBool(0.3)));
                break;
            case <= 6:
                await Ask(new KvRequest.Range(key));
                break;
            case 7:
                await Ask(new KvRequest.Range("key/", "key0"));
                break;
            case 8:
                await Ask(new KvRequest.Range("key/", "key0", Serializable: true));
                break;
            case 9:
                if (_lastRevision > 1) await Ask(new KvRequest.Range("key/", "key0", Revision: Math.Max(1, _lastRevision - random.NextInt(20))));
                break;
            case 10:
                await Ask(new KvRequest.Delete(key, PrevKv: random.NextBool(0.5)));
                break;
            case 11:
                await Ask(new KvRequest.Delete("key/", random.NextBool(0.5) ? "key/2" : "key0"));
                break;
            case 12 or 13:
                await SwapAsync(key);
                break;
            default:
                await TransferAsync();
                break;
        }

        async Task<KvAnswer?> Ask(KvRequest request)
        {
            var answer = await calls.AskAsync(to, request);
            if (answer is { Revision: > 0 }) _lastRevision = Math.Max(_lastRevision, answer.Revision);
            return answer;
        }
    }

    /// <summary>Reads, and writes only if nobody else has meanwhile.</summary>
    private async Task SwapAsync(string key)
    {
        if (await calls.AskAsync(calls.AnyMember(), new KvRequest.Range(key)) is not KvAnswer.Range read) return;
        var seen = read.Kvs is [var kv] ? new KvCompare(key, CompareOf.Mod, kv.ModRevision) : new KvCompare(key, CompareOf.Version, 0);
        await calls.AskAsync(calls.AnyMember(), new KvRequest.Txn([seen], [new KvRequest.Put(key, NewValue())], [new KvRequest.Range(key)]));
    }

    /// <summary>Money from one account to another, in one revision: the sum stays, whoever looks and whenever.</summary>
    private async Task TransferAsync()
    {
        if (await calls.AskAsync(calls.AnyMember(), new KvRequest.Range("bank/", AccountsEnd)) is not KvAnswer.Range bank) return;
        if (bank.Kvs.Count == 0)
        {
            KvRequest[] open = [.. Enumerable.Range(0, Accounts).Select(static n => new KvRequest.Put($"bank/{n}", $"{Money}"))];
            await calls.AskAsync(calls.AnyMember(), new KvRequest.Txn([new KvCompare("bank/0", CompareOf.Version)], open, []));
            return;
        }

        var sum = bank.Kvs.Sum(static kv => int.Parse(kv.Value, System.Globalization.CultureInfo.InvariantCulture));
        if (bank.Kvs.Count != Accounts || sum != Accounts * Money) throw new JudgedException($"the bank has {sum} in {bank.Kvs.Count} accounts: {bank}");
        var random = calls.Caller.Random;
        var from = bank.Kvs[random.NextInt(Accounts)];
        var to = bank.Kvs[random.NextInt(Accounts)];
        if (from == to) return;
        var amount = random.NextInt(1, 20);
        await calls.AskAsync(calls.AnyMember(), new KvRequest.Txn(
            [new KvCompare(from.Key, CompareOf.Mod, from.ModRevision), new KvCompare(to.Key, CompareOf.Mod, to.ModRevision)],
            [Changed(from, -amount), Changed(to, amount)],
            []));

        static KvRequest.Put Changed(KeyRecord account, int by) =>
            new(account.Key, $"{int.Parse(account.Value, System.Globalization.CultureInfo.InvariantCulture) + by}");
    }

    private string NewValue() => $"{calls.Caller.Number}.{++_values}";
}

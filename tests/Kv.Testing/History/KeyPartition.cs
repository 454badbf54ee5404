namespace Kv.Testing.History;

/// <summary>Splits a history into groups of operations that share no key: each can be judged on its own (linearizability is local).</summary>
public static class KeyPartition
{
    /// <summary>The groups. One that ties all keys together, a range or a lease, leaves a single group.</summary>
    public static IReadOnlyList<IReadOnlyList<Operation>> Split(IReadOnlyList<Operation> operations)
    {
        var parent = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var operation in operations)
        {
            if (KeysOf(operation.Request) is not { } keys)
            {
                return [operations];
            }
            foreach (var key in keys)
            {
                parent.TryAdd(key, key);
                parent[Root(parent, key)] = Root(parent, keys[0]);
            }
        }
        return [.. operations.GroupBy(o => Root(parent, KeysOf(o.Request)![0]), StringComparer.Ordinal)
            .OrderBy(static g => g.Key, StringComparer.Ordinal).Select(static g => (IReadOnlyList<Operation>)[.. g])];
    }

    private static string Root(Dictionary<string, string> parent, string key)
    {
        while (parent[key] is var next && next != key)
        {
            key = next;
        }
        return key;
    }

    /// <summary>The keys an operation touches; null when it may touch any.</summary>
    private static List<string>? KeysOf(KvRequest request) => request switch
    {
        KvRequest.Range { End: null } range => [range.Key],
        KvRequest.Delete { End: null } delete => [delete.Key],
        KvRequest.Put { Lease: 0 } put => [put.Key],
        KvRequest.Txn txn when txn.Then.Concat(txn.Else).Select(KeysOf).ToArray() is var parts && parts.All(static p => p is not null)
            && txn.Compares.Select(static c => c.Key).Concat(parts.SelectMany(static p => p!)).ToList() is { Count: > 0 } all => all,
        _ => null,
    };
}

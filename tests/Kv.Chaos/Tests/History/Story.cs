using Kv.Testing.History;

namespace Kv.Chaos.Tests.History;

/// <summary>Writes histories by hand: times are given, in any order, and are also the order of events.</summary>
internal sealed class Story
{
    private readonly List<Operation> _operations = [];

    public IReadOnlyList<Operation> Operations => _operations;

    public static Moment At(double seconds) => new((long)(seconds * 1000), TimeSpan.FromSeconds(seconds));

    public static KeyRecord Key(string key, string value, long create, long mod, long version, long lease = 0) => new(key, value, create, mod, version, lease);

    public Operation Known(double call, double back, KvRequest request, KvAnswer answer, long revision = 0, string connection = "") =>
        Add(new Operation($"c{_operations.Count}", request, answer with { Revision = revision }, Fate.Known, At(call), At(back), connection));

    public Operation Unknown(double call, KvRequest request) =>
        Add(new Operation($"c{_operations.Count}", request, null, Fate.Unknown, At(call), Moment.Never));

    public Operation Put(double call, double back, string key, string value, long revision = 0, long lease = 0) =>
        Known(call, back, new KvRequest.Put(key, value, lease), new KvAnswer.Put(), revision);

    public Operation Get(double call, double back, string key, string? value) =>
        Known(call, back, new KvRequest.Range(key), value is null ? Nothing : new KvAnswer.Range([Key(key, value, 0, 0, 0)], 1));

    public Operation Get(double call, double back, string key, long revision, params KeyRecord[] found) =>
        Known(call, back, new KvRequest.Range(key), new KvAnswer.Range(found, found.Length), revision);

    public LinearizabilityResult Check(params WatchLog[] watches) => LinearizabilityChecker.Check(_operations, watches);

    public static KvAnswer.Range Nothing { get; } = new([], 0);

    private Operation Add(Operation operation)
    {
        _operations.Add(operation);
        return operation;
    }
}

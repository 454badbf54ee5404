using Kv.Testing.History;
using Xunit;
using static Kv.Chaos.Tests.History.Story;

namespace Kv.Chaos.Tests.History;

public sealed class LinearizabilityPropertyTests
{
    [Fact]
    public void Every_history_of_a_real_store_passes()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var history = new GeneratedHistory(seed, clients: 1 + (seed % 8), operations: 60);
            var result = history.Check(withWatch: seed % 3 != 0);
            Assert.True(result.Ok, $"seed {seed}: {result}");
        }
    }

    [Fact]
    public void Every_history_of_a_real_store_passes_without_revisions()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var history = new GeneratedHistory(seed, clients: 1 + (seed % 5), operations: 40, revisions: false);
            var result = history.Check();
            Assert.True(result.Ok, $"seed {seed}: {result}");
        }
    }

    [Fact]
    public void A_long_history_with_many_unknown_writes_takes_few_steps()
    {
        var history = new GeneratedHistory(seed: 7, clients: 12, operations: 20_000, unknown: 0.05);
        var result = history.Check();
        Assert.True(result.Ok, result.ToString());
        Assert.True(history.Operations.Count(static o => o.Fate == Fate.Unknown) > 500);
        Assert.InRange(result.Steps, 20_000, 3_000_000);
    }

    [Fact]
    public void One_wrong_answer_is_found()
    {
        var found = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var history = new GeneratedHistory(seed, clients: 4, operations: 60);
            var operations = history.Operations.ToArray();
            // A read is given the answer of an earlier, different read of the same key that had returned before a write in between.
            var (index, answer) = Stale(operations);
            if (answer is null)
            {
                continue;
            }
            found++;
            operations[index] = operations[index] with { Answer = answer };
            Assert.Equal(Verdict.NotLinearizable, LinearizabilityChecker.Check(operations, [history.Watch]).Verdict);
        }
        Assert.True(found > 100, $"only {found} histories had a read to spoil");
    }

    [Fact]
    public void A_write_left_out_of_the_history_is_found()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var history = new GeneratedHistory(seed, clients: 4, operations: 60, unknown: 0);
            var writes = history.Operations.Where(static o => o is { Fate: Fate.Known, Answer.Changed: true }).ToArray();
            var without = history.Operations.Where(o => !ReferenceEquals(o, writes[seed % writes.Length])).ToArray();
            Assert.Equal(Verdict.NotLinearizable, LinearizabilityChecker.Check(without, [history.Watch]).Verdict);
        }
    }

    [Fact]
    public void The_verdict_is_that_of_trying_every_order()
    {
        var verdicts = new int[2];
        for (var seed = 0; seed < 4000; seed++)
        {
            var random = new Random(seed);
            var revisions = seed % 2 == 0;
            var operations = Enumerable.Range(0, 5).Select(i => Any(random, revisions, i)).ToArray();
            var expected = AnyOrder(new KvModel(operations.Any(static o => o.Answer is { Revision: > 0 })), KvState.Empty, operations);
            var result = LinearizabilityChecker.Check(operations);
            Assert.True(expected == result.Ok, $"seed {seed}: trying every order says {expected}, the checker {result}\n{string.Join('\n', operations.AsEnumerable())}");
            verdicts[expected ? 1 : 0]++;
        }
        Assert.All(verdicts, static count => Assert.True(count > 200, $"only {count} of 4000 histories went one way"));
    }

    private static Operation Any(Random random, bool revisions, int index)
    {
        var call = random.Next(8);
        var (from, to) = (new Moment(10 * call, TimeSpan.FromSeconds(call)), new Moment((10 * (call + random.Next(6))) + 1, TimeSpan.FromSeconds(call + 6)));
        var revision = revisions ? random.Next(1, 5) : 0;
        var key = $"k{random.Next(2)}";
        if (random.Next(2) == 0)
        {
            var put = new KvRequest.Put(key, $"v{index}");
            return random.Next(3) == 0
                ? new Operation($"c{index}", put, null, Fate.Unknown, from, Moment.Never)
                : new Operation($"c{index}", put, new KvAnswer.Put { Revision = revisions ? Math.Max(2, revision) : 0 }, Fate.Known, from, to);
        }
        var value = random.Next(-1, 5);
        KeyRecord[] found = value < 0 ? [] : [revisions ? Key(key, $"v{value}", 2, 2, 1) : Key(key, $"v{value}", 0, 0, 0)];
        return new Operation($"c{index}", new KvRequest.Range(key), new KvAnswer.Range(found, found.Length) { Revision = revision }, Fate.Known, from, to);
    }

    private static bool AnyOrder(KvModel model, KvState state, IReadOnlyCollection<Operation> left)
    {
        if (left.All(static o => o.Fate == Fate.Unknown))
        {
            return true;
        }
        var firstReturn = left.Min(static o => o.Return.Order);
        return left.Where(o => o.Call.Order <= firstReturn).Any(o =>
        {
            var (next, answer) = model.Apply(state, o.Request);
            return (o.Fate == Fate.Unknown || model.Matches(answer, o.Answer!)) && AnyOrder(model, next, [.. left.Where(other => !ReferenceEquals(other, o))]);
        });
    }

    private static (int Index, KvAnswer? Answer) Stale(Operation[] operations)
    {
        for (var late = operations.Length - 1; late >= 0; late--)
        {
            foreach (var early in operations)
            {
                if (early is { Fate: Fate.Known, Request: KvRequest.Range } && operations[late] is { Fate: Fate.Known } read && read.Request == early.Request
                    && early.Answer!.Revision < read.Answer!.Revision
                    && operations.Any(w => w is { Fate: Fate.Known, Answer.Changed: true } && w.Answer.Revision > early.Answer.Revision && w.Return.Order < read.Call.Order))
                {
                    return (late, early.Answer);
                }
            }
        }
        return (-1, null);
    }
}

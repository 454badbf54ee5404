using Kv.Testing.History;
using Xunit;
using static Kv.Chaos.Tests.History.Story;

namespace Kv.Chaos.Tests.History;

public sealed class PastReadJudgeTests
{
    private readonly Story _story = new();

    public PastReadJudgeTests()
    {
        _story.Put(0, 1, "a", "1", 2);
        _story.Put(2, 3, "a", "2", 3);
        _story.Put(10, 11, "a", "3", 4);
    }

    [Fact]
    public void Any_earlier_state_is_right()
    {
        Read(4, 5, 3, Key("a", "2", 2, 3, 2), "m1");
        Read(4, 5, 2, Key("a", "1", 2, 2, 1), "m2");
        Read(6, 7, 2, Key("a", "1", 2, 2, 1), "m3");
        _story.Known(12, 13, new KvRequest.Range("a", Revision: 2), new KvAnswer.Range([Key("a", "1", 2, 2, 1)], 1), 4);
        Assert.Empty(Rules());
    }

    [Fact]
    public void A_state_that_never_was_is_found()
    {
        Read(4, 5, 2, Key("a", "2", 2, 3, 2), "m1");
        Assert.Equal(["past read"], Rules());
    }

    [Fact]
    public void A_read_at_a_revision_shows_that_revision()
    {
        _story.Known(12, 13, new KvRequest.Range("a", Revision: 2), new KvAnswer.Range([Key("a", "2", 2, 3, 2)], 1), 4);
        Assert.Equal(["past read"], Rules());
    }

    /// <summary>Seed 6200, second round: a history that goes on from a state knows nothing of what was before it.</summary>
    [Fact]
    public void A_read_at_a_revision_from_before_the_history_is_not_judged()
    {
        var story = new Story();
        story.Known(0, 1, new KvRequest.Range("a", Revision: 8), new KvAnswer.Range([Key("a", "before", 8, 8, 1)], 1), 10);
        story.Known(2, 3, new KvRequest.Range("a", Revision: 10), new KvAnswer.Range([Key("a", "now", 8, 10, 2)], 1), 10);
        var run = new RunHistory { Operations = story.Operations, Initial = KvState.At(10, [Key("a", "now", 8, 10, 2)]) };
        Assert.True(run.Judge().Ok, run.Judge().ToString());
        story.Known(4, 5, new KvRequest.Range("a", Revision: 10), new KvAnswer.Range([Key("a", "wrong", 8, 10, 2)], 1), 10);
        Assert.Equal("past read", Assert.Single((run with { Operations = story.Operations }).Judge().Violations).Rule);
    }

    [Fact]
    public void The_future_cannot_be_read()
    {
        Read(4, 5, 4, Key("a", "3", 2, 4, 3), "m1");
        Assert.Equal(["past read"], Rules());
    }

    [Fact]
    public void One_connection_does_not_go_back()
    {
        Read(4, 5, 3, Key("a", "2", 2, 3, 2), "m1");
        Read(6, 7, 2, Key("a", "1", 2, 2, 1), "m1");
        Assert.Equal(["past read goes back"], Rules());
    }

    [Fact]
    public void Two_reads_at_once_on_one_connection_may_go_either_way()
    {
        Read(4, 7, 3, Key("a", "2", 2, 3, 2), "m1");
        Read(6, 8, 2, Key("a", "1", 2, 2, 1), "m1");
        Assert.Empty(Rules());
    }

    private void Read(double call, double back, long revision, KeyRecord found, string connection) =>
        _story.Known(call, back, new KvRequest.Range("a", Serializable: true), new KvAnswer.Range([found], 1), revision, connection);

    private IEnumerable<string> Rules() => new RunHistory { Operations = _story.Operations }.Judge().Violations.Select(static v => v.Rule);
}

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

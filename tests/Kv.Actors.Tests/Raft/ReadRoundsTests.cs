using Kv.Actors.Model;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

public sealed class ReadRoundsTests
{
    private readonly ReadRounds _reads = new(new RunNumber(8));

    private static MonotonicTime At(double seconds) => default(MonotonicTime).Plus(TimeSpan.FromSeconds(seconds));

    private Task<ReadIndexAnswer> Read()
    {
        var waiter = new TaskCompletionSource<ReadIndexAnswer>();
        _reads.Add(waiter);
        return waiter.Task;
    }

    [Fact]
    public async Task Who_comes_while_a_round_is_out_goes_with_the_next()
    {
        var first = Read();
        Assert.True(_reads.TryBegin(At(0), out var one));
        var (second, third) = (Read(), Read());
        Assert.False(_reads.TryBegin(At(0), out _));
        _reads.Answer(one, new ReadIndexAnswer(7, KvError.None));
        Assert.Equal(7UL, (await first).Index);
        Assert.True(_reads.TryBegin(At(0), out var two));
        _reads.Answer(one, new ReadIndexAnswer(8, KvError.None));      // a repeated answer of the round before
        Assert.False(second.IsCompleted);
        _reads.Answer(two, new ReadIndexAnswer(9, KvError.None));
        Assert.Equal((9UL, 9UL), ((await second).Index, (await third).Index));
        Assert.Equal(0, _reads.Count);
    }

    /// <summary>A late answer has an index from before the restart: with it a read would miss what was acknowledged since.</summary>
    [Fact]
    public async Task An_answer_to_the_run_before_answers_nobody()
    {
        var before = new ReadRounds(new RunNumber(7));
        before.Add(new TaskCompletionSource<ReadIndexAnswer>());
        Assert.True(before.TryBegin(At(0), out var old));
        var read = Read();
        Assert.True(_reads.TryBegin(At(1), out var round));
        _reads.Answer(old, new ReadIndexAnswer(7, KvError.None));
        Assert.False(read.IsCompleted);
        _reads.Answer(round, new ReadIndexAnswer(9, KvError.None));
        Assert.Equal(9UL, (await read).Index);
    }

    [Fact]
    public void A_round_is_asked_again_after_a_while_and_not_before()
    {
        Read();
        Assert.True(_reads.TryBegin(At(1), out _));
        Assert.False(_reads.IsOverdue(At(1.4), TimeSpan.FromSeconds(0.5)));
        Assert.True(_reads.IsOverdue(At(1.5), TimeSpan.FromSeconds(0.5)));
        Assert.False(_reads.IsOverdue(At(1.9), TimeSpan.FromSeconds(0.5)));
    }

    [Fact]
    public async Task When_the_leader_is_lost_only_those_that_asked_it_are_told()
    {
        var asked = Read();
        _reads.TryBegin(At(0), out _);
        var waiting = Read();
        _reads.LeaderLost();
        Assert.Equal(KvError.LeaderChanged, (await asked).Error);
        Assert.False(waiting.IsCompleted);
        _reads.FailAll(KvError.Stopped);
        Assert.Equal(KvError.Stopped, (await waiting).Error);
    }
}

using Kv.Actors.Apply;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Actors.Raft;
using Kv.Persistence;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Node;

/// <summary>A read waits for its index, and for nothing that cannot come any more.</summary>
public sealed class ReadGateTests : PatientTestKit
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Metrics _metrics = new(new MetricsRegistry());
    private readonly RootHolder _roots = new(new StateMachine(new NodeId(1), 1, 0).Root);
    private readonly ReadGate _gate;

    public ReadGateTests() => _gate = Gate(TimeSpan.FromHours(1));

    private ReadGate Gate(TimeSpan timeout) =>
        new(TestActor, new NodeStatus(new NodeId(1), new ClusterId(1)), _roots, timeout, TimeProvider.System, Workers.Threads, _metrics, _stopping.Token);

    [Fact]
    public async Task A_read_that_waits_for_raft_fails_at_once_when_the_node_stops()
    {
        var read = _gate.LinearizableAsync(CancellationToken.None).AsTask();
        ExpectMsg<RaftCommand.ReadIndex>();
        Assert.False(read.IsCompleted);
        await _stopping.CancelAsync();
        Assert.Equal(KvError.Stopped, (await read).Error);
        Assert.Equal(KvError.Stopped, (await _gate.LinearizableAsync(CancellationToken.None)).Error);
    }

    [Fact]
    public async Task A_read_that_waits_to_be_applied_fails_at_once_when_the_node_stops()
    {
        var read = _gate.LinearizableAsync(CancellationToken.None).AsTask();
        ExpectMsg<RaftCommand.ReadIndex>().Waiter.SetResult(new ReadIndexAnswer(99, KvError.None));
        await _stopping.CancelAsync();
        Assert.Equal(KvError.Stopped, (await read).Error);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_not_told_that_the_node_stopped()
    {
        using var cancel = new CancellationTokenSource();
        var read = _gate.LinearizableAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public async Task Reads_that_fail_or_take_too_long_are_counted()
    {
        var failed = _gate.LinearizableAsync(CancellationToken.None).AsTask();
        ExpectMsg<RaftCommand.ReadIndex>().Waiter.SetResult(new ReadIndexAnswer(0, KvError.LeaderChanged));
        Assert.Equal(KvError.LeaderChanged, (await failed).Error);
        Assert.Equal((1, 0), (_metrics.ReadIndexesFailed.Value, _metrics.SlowReadIndexes.Value));
        Assert.Equal(KvError.Timeout, (await Gate(TimeSpan.FromMilliseconds(1)).LinearizableAsync(CancellationToken.None)).Error);
        Assert.Equal((1, 1), (_metrics.ReadIndexesFailed.Value, _metrics.SlowReadIndexes.Value));
    }
}

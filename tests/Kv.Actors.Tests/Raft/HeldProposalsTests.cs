using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;
using Xunit;

namespace Kv.Actors.Tests.Raft;

public sealed class HeldProposalsTests
{
    [Fact]
    public void They_wait_in_order_and_too_many_are_refused()
    {
        var held = new HeldProposals(2);
        Assert.True(held.TryAdd(Of(1)));
        Assert.True(held.TryAdd(Of(2)));
        Assert.False(held.TryAdd(Of(3)));
        var offered = new List<ulong>();
        held.Offer(proposal =>
        {
            offered.Add(Number(proposal));
            return Number(proposal) == 1;
        });
        Assert.Equal([1UL, 2], offered);
        Assert.Equal(1, held.Count);
        Assert.True(held.TryAdd(Of(3)));
    }

    [Fact]
    public void Only_those_whose_time_is_up_are_taken_out()
    {
        var held = new HeldProposals(9);
        held.TryAdd(Of(1, at: 1));
        held.TryAdd(Of(2, at: 2));
        Assert.False(held.TryTakeOverdue(At(1), out _));
        Assert.True(held.TryTakeOverdue(At(1.5), out var overdue));
        Assert.Equal(1UL, Number(overdue!));
        Assert.False(held.TryTakeOverdue(At(1.5), out overdue));
        Assert.Null(overdue);
        Assert.Equal(1, held.Count);
    }

    [Fact]
    public void Messages_are_filled_up_to_their_size_and_what_is_larger_goes_alone()
    {
        Proposal[] all = [Of(1), Of(2), Of(3), Of(4, payload: 500), Of(5)];
        var size = all[0].Bytes.Length;
        Assert.Equal("1 2|3|4|5", Text(HeldProposals.Batches(all, 2 * size)));
        Assert.Equal("1 2 3|4|5", Text(HeldProposals.Batches(all, 3 * size)));
        Assert.Equal("1|2|3|4|5", Text(HeldProposals.Batches(all, 1)));
        Assert.Equal("", Text(HeldProposals.Batches([], 1)));
    }

    private static string Text(IEnumerable<IReadOnlyList<Proposal>> batches) =>
        string.Join('|', batches.Select(static batch => string.Join(' ', batch.Select(Number))));

    private static ulong Number(Proposal proposal) => proposal.Id.Value;

    private static MonotonicTime At(double seconds) => default(MonotonicTime).Plus(TimeSpan.FromSeconds(seconds));

    private static Proposal<PutResponse> Of(ulong number, double at = 0, int payload = 1) => new(
        new InternalRaftRequest
        {
            Header = new RequestHeader { Id = number },
            Put = new PutRequest { Key = Google.Protobuf.ByteString.CopyFrom(new byte[payload]) },
        },
        At(at));
}

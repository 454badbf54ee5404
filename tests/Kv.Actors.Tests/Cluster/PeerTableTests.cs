using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Cluster;

public sealed class PeerTableTests
{
    private static readonly NodeId _two = new(2);
    private static readonly NodeId _three = new(3);

    private static MonotonicTime At(double seconds) => default(MonotonicTime).Plus(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void A_member_is_connected_from_the_first_word_after_a_silence()
    {
        var table = new PeerTable();
        table.Follow([_two, _three]);
        Assert.Null(table.ConnectedSince(_two));
        Assert.True(table.Heard(_two, At(1)));
        Assert.False(table.Heard(_two, At(4)));
        Assert.Equal((At(1), At(4), 1), (table.ConnectedSince(_two), table.LastHeard(_two), table.ConnectedCount));
        Assert.True(table.IsConnectedSince(_two, At(1)));
        Assert.False(table.IsConnectedSince(_two, At(0.5)));
        Assert.Empty(table.Silent(At(6.9), TimeSpan.FromSeconds(3)));
        Assert.Equal([_two], table.Silent(At(7), TimeSpan.FromSeconds(3)));
        Assert.Empty(table.Silent(At(8), TimeSpan.FromSeconds(3)));
        Assert.Null(table.ConnectedSince(_two));
        Assert.True(table.Heard(_two, At(9)));
        Assert.Equal(At(9), table.ConnectedSince(_two));
    }

    [Fact]
    public void Who_stays_a_member_stays_connected_and_strangers_are_not_written_down()
    {
        var table = new PeerTable();
        table.Follow([_two]);
        table.Heard(_two, At(1));
        table.Answered(_two, TimeSpan.FromMilliseconds(3));
        table.Follow([_two, _three]);
        Assert.Equal((At(1), TimeSpan.FromMilliseconds(3)), (table.ConnectedSince(_two), table.RoundTrip(_two)));
        Assert.False(table.Heard(new NodeId(9), At(2)));
        Assert.Null(table.ConnectedSince(new NodeId(9)));
        table.Follow([_three]);
        Assert.Null(table.ConnectedSince(_two));
        Assert.Equal([_three], table.Members);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Connected_since_is_never_before_a_silence_that_was_noticed(ulong seed)
    {
        var random = new Prng(seed);
        var table = new PeerTable();
        table.Follow([_two]);
        var (now, lostAt, heardAt) = (0.0, -1.0, -1.0);
        for (var step = 0; step < 5000; step++)
        {
            now += random.NextInt(1000) / 1000.0;
            if (random.NextInt(3) > 0)
            {
                heardAt = table.Heard(_two, At(now)) ? now : heardAt;
            }
            else if (table.Silent(At(now), TimeSpan.FromSeconds(2)).Count > 0)
            {
                lostAt = now;
            }
            var expected = heardAt > lostAt ? At(heardAt) : (MonotonicTime?)null;
            Assert.True(table.ConnectedSince(_two) == expected, $"seed {seed} step {step}");
        }
    }
}

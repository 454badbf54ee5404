using Kv.Actors.Peers;
using Xunit;

namespace Kv.Actors.Tests.Peers;

public sealed class ForwardFilterTests
{
    [Fact]
    public void A_forward_goes_through_once_and_never_after_a_later_one_or_a_later_run()
    {
        var filter = new ForwardFilter();
        Assert.True(filter.IsNew(run: 7, number: 1));
        Assert.False(filter.IsNew(7, 1));
        Assert.True(filter.IsNew(7, 3));
        Assert.False(filter.IsNew(7, 2));
        Assert.True(filter.IsNew(9, 1));
        Assert.False(filter.IsNew(7, 4));
        Assert.True(filter.IsNew(9, 2));
    }
}

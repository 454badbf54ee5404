using Kv.Actors.Apply;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public class RootHolderTests
{
    private readonly StoreRoot _empty = new StateMachine(new NodeId(1), 1, 0).Root;

    private StoreRoot At(ulong index) => _empty with { AppliedIndex = index };

    [Fact]
    public async Task Who_waits_for_an_index_gets_the_first_root_that_has_it()
    {
        var roots = new RootHolder(At(1));
        Assert.Equal(1UL, (await roots.WaitForAsync(1)).AppliedIndex);
        var three = roots.WaitForAsync(3).AsTask();
        var two = roots.WaitForAsync(2).AsTask();
        var nine = roots.WaitForAsync(9).AsTask();
        roots.Publish(At(2));
        Assert.Equal(2UL, (await two).AppliedIndex);
        Assert.False(three.IsCompleted);
        roots.Publish(At(5));
        Assert.Equal(5UL, (await three).AppliedIndex);
        Assert.False(nine.IsCompleted);
        roots.Publish(At(9));
        Assert.Equal(9UL, (await nine).AppliedIndex);
        Assert.Equal(9UL, roots.Current.AppliedIndex);
    }

    [Fact]
    public async Task No_waiter_is_forgotten_while_roots_are_published_on_another_thread()
    {
        var roots = new RootHolder(At(0));
        var publishing = Task.Run(() =>
        {
            for (var index = 1UL; index <= 20_000; index++)
            {
                roots.Publish(At(index));
            }
        });
        for (var index = 1UL; index <= 20_000; index++)
        {
            var root = await roots.WaitForAsync(index);
            Assert.True(root.AppliedIndex >= index);
        }
        await publishing;
    }
}

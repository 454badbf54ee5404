using Xunit;

namespace Kv.Chaos.Tests;

/// <summary>
/// Seed 5100: in the second round a holder drew the lease ids that another had drawn in the first, and a lease that had ended was
/// granted anew. The store may do that; the judges take it for a revival.
/// </summary>
public sealed class ClientSeedTests
{
    [Fact]
    public void Clients_of_neighbouring_rounds_draw_different_numbers()
    {
        string[] clients = ["holder-0", "holder-1", "holder-2", "c0", "c1", "watch-all-0", "faults"];
        var ids = Enumerable.Range(5100, 300).SelectMany(round => clients.Select(client => new Random(ClientSeed.Of(round, client)).NextInt64())).ToArray();
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void A_seed_gives_the_same_numbers_again() => Assert.Equal(ClientSeed.Of(7, "c0"), ClientSeed.Of(7, "c0"));
}

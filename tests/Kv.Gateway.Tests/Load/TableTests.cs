using Kv.Load;
using Kv.Load.Workloads;
using Xunit;

namespace Kv.Gateway.Tests.Load;

public sealed class TableTests
{
    private static readonly Workload Any = new("any", "", null, static (_, _) => throw new NotSupportedException());

    [Fact]
    public void The_median_of_an_even_number_is_the_mean_of_the_middle_two()
    {
        Assert.Equal(2, Table.Median([3, 1, 2]));
        Assert.Equal(2.5, Table.Median([4, 1, 2, 3]));
    }

    [Fact]
    public void A_row_has_median_and_range_and_a_dash_for_what_was_not_measured() => Assert.Equal(
        "| any | x | 20 (10..30) | 5 (5..5) | 9 (9..9) | 1.5 (1.5..1.5) | – | size: 2 (1..3) |",
        Table.Row(Any, "x", [Run(10, 1), Run(30, 3), Run(20, 2)]));

    [Fact]
    public void A_ratio_against_a_figure_that_was_cut_off_is_a_bound() => Assert.Equal(
        "| any | **ratio** | 0.50× | 1.00× | 1.00× | 1.00× | – | size: ≤ 0.25× |",
        Table.Ratios(Any, [Run(10, 1)], [Run(20, 4) with { Figures = [new("size", 4, AtLeast: true)] }]));

    private static Result Run(double ops, double figure) => new(ops, 5, 9, 1.5, double.NaN) { Figures = [new("size", figure)] };
}

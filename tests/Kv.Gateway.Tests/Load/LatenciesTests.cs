using Kv.Load;
using Xunit;

namespace Kv.Gateway.Tests.Load;

/// <summary>The load generator's own figures, held against sorting.</summary>
public sealed class LatenciesTests
{
    /// <summary>A histogram step is a 64th, so a quantile may lie that much below the true value and never above it.</summary>
    [Fact]
    public void Quantiles_are_at_most_a_64th_below_the_sorted_truth()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var run = 0; run < 50; run++)
        {
            var values = Enumerable.Range(0, random.Next(1, 2000)).Select(_ => (long)Math.Pow(2, random.NextDouble() * 40)).ToArray();
            var latencies = new Latencies();
            Array.ForEach(values, latencies.Add);
            Array.Sort(values);
            foreach (var fraction in (double[])[0.01, 0.5, 0.9, 0.99, 1])
            {
                var truth = values[(int)Math.Ceiling(values.Length * fraction) - 1] / 1000.0;
                var quantile = latencies.Quantile(fraction);
                Assert.True(quantile <= truth && quantile >= truth * 63 / 64, $"seed {seed}, run {run}, fraction {fraction}: {quantile} for {truth}");
            }
        }
    }

    [Fact]
    public void Merged_histograms_are_as_one()
    {
        var (low, high, both) = (new Latencies(), new Latencies(), new Latencies());
        for (var i = 1; i <= 100; i++)
        {
            low.Add(i * 1000);
            high.Add(i * 1_000_000);
            both.Add(i * 1000);
            both.Add(i * 1_000_000);
        }
        low.Add(high);
        Assert.Equal(200, low.Count);
        foreach (var fraction in (double[])[0.25, 0.5, 0.75, 0.99])
        {
            Assert.Equal(both.Quantile(fraction), low.Quantile(fraction));
        }
    }

    [Fact]
    public void Nothing_has_no_quantile_and_a_clock_that_went_back_counts_as_zero()
    {
        var latencies = new Latencies();
        Assert.True(double.IsNaN(latencies.Quantile(0.5)));
        latencies.Add(-5);
        Assert.Equal(0, latencies.Quantile(0.5));
        latencies.Add(long.MaxValue);
        Assert.True(latencies.Quantile(1) > 9e15);
    }
}

using System.Text.RegularExpressions;
using Kv.Actors.Meters;
using Xunit;

namespace Kv.Actors.Tests.Tidy;

/// <summary>A meter that nobody feeds is worse than none: dashboards show a 0 that means nothing.</summary>
public class MetricsFedTests
{
    [Fact]
    public void Every_registered_meter_is_fed_somewhere_in_the_product()
    {
        var product = string.Join('\n', SourceTree.Products.SelectMany(SourceTree.Of).Where(static file => file.Name != "Metrics.cs").Select(static file => file.Code));
        var unfed = typeof(Metrics).GetProperties()
            .Where(static property => property.Name != nameof(Metrics.Registry))
            .Where(property => !Regex.IsMatch(product, $@"metrics\??\s*\.\s*{property.Name}\b", RegexOptions.IgnoreCase))
            .Select(static property => property.Name)
            .ToList();
        Assert.True(unfed.Count == 0, SourceTree.Report("Meters that nothing feeds: feed them where the thing happens, or take them out of Metrics.cs:", unfed));
    }
}

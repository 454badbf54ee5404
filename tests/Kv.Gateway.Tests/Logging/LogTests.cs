using System.Text.RegularExpressions;
using Xunit;

namespace Kv.Gateway.Tests.Logging;

public class LogTests
{
    /// <summary>Operators filter by event id: an id names one line for ever.</summary>
    [Fact]
    public void Every_log_line_has_an_event_id_of_its_own()
    {
        var source = File.ReadAllText(Path.Combine(Repository.Root, "Kv.Gateway", "Logging", "Log.cs"));
        var ids = Regex.Matches(source, @"LogLevel\.\w+, (\d+),").Select(m => int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        var methods = Regex.Count(source, @"public static void \w+\(this ILogger");
        Assert.True(ids.Count > 10);
        Assert.Equal(methods, ids.Count);
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }
}

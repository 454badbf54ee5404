using Akka.Configuration;
using Akka.Configuration.Hocon;
using Xunit;

namespace Kv.Compat.Tests.AkkaCore;

/// <summary>HOCON as Akka.NET's own parser reads it.</summary>
public sealed class ConfigTests
{
    private static readonly string[] s_list = ["a", "b c", "d"];

    [Fact]
    public void Values_are_read_in_all_their_forms()
    {
        var config = ConfigurationFactory.ParseString("""
            # a comment
            a.b.c = 5              // another
            a.b.d : "quoted # text"
            a { e = on, f = off }
            text = unquoted words here
            long = 9000000000
            ratio = 0.5
            list = [a, "b c", d]
            lines = [
              1
              2
            ]
            raw = "" + ""
            path."with.dot" = x
            """.Replace("raw = \"\" + \"\"", "raw = \"\"\"tri\"ple\"\"\"", StringComparison.Ordinal));
        Assert.Equal(5, config.GetInt("a.b.c"));
        Assert.Equal("quoted # text", config.GetString("a.b.d"));
        Assert.True(config.GetBoolean("a.e"));
        Assert.False(config.GetBoolean("a.f", true));
        Assert.Equal("unquoted words here", config.GetString("text"));
        Assert.Equal(9_000_000_000, config.GetLong("long"));
        Assert.Equal(0.5, config.GetDouble("ratio"));
        Assert.Equal(s_list, config.GetStringList("list"));
        Assert.Equal([1, 2], config.GetIntList("lines"));
        Assert.Equal("tri\"ple", config.GetString("raw"));
        Assert.Equal("x", config.GetString("path.\"with.dot\""));
    }

    [Theory]
    [InlineData("10ms", 10)]
    [InlineData("5 s", 5000)]
    [InlineData("2 minutes", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("250", 250)]
    public void Durations(string text, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), ConfigurationFactory.ParseString($"t = {text}").GetTimeSpan("t"));

    [Fact]
    public void An_infinite_duration_is_the_infinite_timeout() =>
        Assert.Equal(Timeout.InfiniteTimeSpan, ConfigurationFactory.ParseString("t = infinite").GetTimeSpan("t"));

    [Theory]
    [InlineData("128000b", 128_000)]
    [InlineData("4KiB", 4096)]
    [InlineData("1kB", 1000)]
    [InlineData("2 MiB", 2 * 1024 * 1024)]
    [InlineData("77", 77)]
    public void Sizes(string text, long bytes) =>
        Assert.Equal(bytes, ConfigurationFactory.ParseString($"s = {text}").GetByteSize("s", null));

    [Fact]
    public void Later_values_win_and_objects_merge()
    {
        var config = ConfigurationFactory.ParseString("""
            a { x = 1, y = 1 }
            a { y = 2
                z = 2 }
            a.x = 3
            """);
        Assert.Equal((3, 2, 2), (config.GetInt("a.x"), config.GetInt("a.y"), config.GetInt("a.z")));
    }

    [Fact]
    public void A_fallback_fills_what_is_missing_at_every_depth()
    {
        var over = ConfigurationFactory.ParseString("a { x = 1 }\nb = [1]");
        var under = ConfigurationFactory.ParseString("a { x = 9, y = 9 }\nb = [2, 3]\nc = 9");
        var config = over.WithFallback(under);
        Assert.Equal((1, 9, 9), (config.GetInt("a.x"), config.GetInt("a.y"), config.GetInt("c")));
        Assert.Equal([1], config.GetIntList("b"));
        Assert.Equal(9, config.GetConfig("a").GetInt("y"));
        Assert.True(config.HasPath("a.y"));
        Assert.False(over.HasPath("a.y"));
        Assert.Equal(["a", "b", "c"], config.AsEnumerable().Select(p => p.Key).Order());
    }

    [Fact]
    public void Missing_values_give_the_default_and_missing_sections_nothing()
    {
        var config = ConfigurationFactory.ParseString("a = 1");
        Assert.Equal(7, config.GetInt("b", 7));
        Assert.Null(config.GetString("b"));
        Assert.Equal("d", config.GetString("b", "d"));
        Assert.True(config.GetConfig("none").IsNullOrEmpty());
        Assert.Empty(config.GetStringList("b"));
        Assert.True(ConfigurationFactory.Empty.IsEmpty);
        Assert.True(((Config)"x = on").GetBoolean("x"));
        Assert.Throws<NotSupportedException>(() => ((Config)"x = yes").GetBoolean("x"));
    }

    [Fact]
    public void A_substitution_is_the_value_at_another_path_of_the_same_text()
    {
        var config = ConfigurationFactory.ParseString("""
            base { x = 1, y = 2 }
            name = one
            derived = ${base}
            text = ${name}-two
            """);
        Assert.Equal(2, config.GetInt("derived.y"));
        Assert.Equal("one-two", config.GetString("text"));
        Assert.Throws<FormatException>(() => ConfigurationFactory.ParseString("a = ${missing}"));
    }

    [Fact]
    public void An_include_asks_the_caller_what_it_stands_for()
    {
        var config = ConfigurationFactory.ParseString(
            "a { include \"other\"\n x = 1 }",
            name => name == "other" ? Parse("x = 5\n y = 6") : throw new FileNotFoundException(name));
        Assert.Equal((1, 6), (config.GetInt("a.x"), config.GetInt("a.y")));

        static HoconRoot Parse(string text) => new(ConfigurationFactory.ParseString(text).Root);
    }

    [Theory]
    [InlineData("a { x = 1 }, b = 2")]     // a comma straight after an object's closing brace
    public void Malformed_text_is_refused(string text) => Assert.Throws<FormatException>(() => ConfigurationFactory.ParseString(text));
}

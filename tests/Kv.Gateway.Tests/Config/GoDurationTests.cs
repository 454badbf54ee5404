using Kv.Gateway.Config;
using Xunit;

namespace Kv.Gateway.Tests.Config;

public class GoDurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("1ns", 0)]
    [InlineData("100ns", 0.0001)]
    [InlineData("1us", 0.001)]
    [InlineData("1µs", 0.001)]
    [InlineData("10ms", 10)]
    [InlineData("1.5s", 1500)]
    [InlineData(".5s", 500)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("-1m", -60_000)]
    [InlineData("+1m", 60_000)]
    public void Go_s_durations_are_read(string text, double milliseconds)
    {
        Assert.True(GoDuration.TryParse(text, out var value));
        Assert.Equal(milliseconds, value.TotalMilliseconds, 6);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5x")]
    [InlineData("1h30")]
    [InlineData("1.2.3s")]
    [InlineData("3000000h")]           // more nanoseconds than 64 bits hold
    public void What_go_refuses_is_refused(string text) => Assert.False(GoDuration.TryParse(text, out _));

    [Theory]
    [InlineData("0s")]
    [InlineData("10ms")]
    [InlineData("1.5s")]
    [InlineData("1m0s")]
    [InlineData("2h0m0s")]
    [InlineData("1h30m0.5s")]
    [InlineData("-1m0s")]
    [InlineData("250µs")]
    public void What_is_printed_reads_back_and_looks_like_go_s(string text)
    {
        Assert.True(GoDuration.TryParse(text, out var value));
        Assert.Equal(text, GoDuration.Format(value));
    }
}

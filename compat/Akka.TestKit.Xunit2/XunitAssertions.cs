using System.Globalization;
using Xunit;

namespace Akka.TestKit.Xunit2;

/// <summary>Fails tests the way xunit does.</summary>
public class XunitAssertions : ITestKitAssertions
{
    /// <inheritdoc/>
    public void Fail(string format = "", params object[] args) => Assert.Fail(Format(format, args));

    /// <inheritdoc/>
    public void AssertTrue(bool condition, string format = "", params object[] args) => Assert.True(condition, Format(format, args));

    /// <inheritdoc/>
    public void AssertFalse(bool condition, string format = "", params object[] args) => Assert.False(condition, Format(format, args));

    /// <inheritdoc/>
    public void AssertEqual<T>(T expected, T actual, string format = "", params object[] args)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual)) Different(expected, actual, format, args);
    }

    /// <inheritdoc/>
    public void AssertEqual<T>(T expected, T actual, Func<T, T, bool> comparer, string format = "", params object[] args)
    {
        if (!comparer(expected, actual)) Different(expected, actual, format, args);
    }

    private static void Different<T>(T expected, T actual, string format, object[] args)
    {
        var text = Format(format, args);
        Assert.Fail($"{(text.Length == 0 ? "Not equal" : text)}\nExpected: {expected}\nActual:   {actual}");
    }

    private static string Format(string format, object[] args) =>
        args is null || args.Length == 0 ? format : string.Format(CultureInfo.InvariantCulture, format, args);
}

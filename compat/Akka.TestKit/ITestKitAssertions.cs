namespace Akka.TestKit;

/// <summary>How a test framework fails a test.</summary>
public interface ITestKitAssertions
{
    /// <summary>Fails.</summary>
    void Fail(string format = "", params object[] args);

    /// <summary>Fails unless true.</summary>
    void AssertTrue(bool condition, string format = "", params object[] args);

    /// <summary>Fails unless false.</summary>
    void AssertFalse(bool condition, string format = "", params object[] args);

    /// <summary>Fails unless equal.</summary>
    void AssertEqual<T>(T expected, T actual, string format = "", params object[] args);

    /// <summary>Fails unless equal by a comparer.</summary>
    void AssertEqual<T>(T expected, T actual, Func<T, T, bool> comparer, string format = "", params object[] args);
}

/// <summary>A kit that is not the sender of what the test's own code tells.</summary>
public interface INoImplicitSender;

using Akka.Actor;
using Akka.Event;
using Xunit.Abstractions;

namespace Akka.TestKit.Xunit2.Internals;

/// <summary>Logs to a test's output.</summary>
public class TestOutputLogger : ReceiveActor
{
    /// <summary>To the output.</summary>
    public TestOutputLogger(ITestOutputHelper output)
    {
        Receive<InitializeLogger>(initialize =>
        {
            initialize.LoggingBus.Subscribe(Self, typeof(LogEvent));
            Sender.Tell(new LoggerInitialized());
        });
        Receive<LogEvent>(e =>
        {
            try
            {
                output.WriteLine(e.ToString());
            }
            catch (InvalidOperationException)
            {
                // The test has ended and xunit takes nothing more; the line still reaches the console.
                Console.WriteLine(e);
            }
            catch (FormatException)
            {
                output.WriteLine($"[{e.LogLevel()}] {e.LogSource}: {(e.Message as LogMessage)?.Unformatted()} (its template does not fit its arguments)");
            }
        });
    }
}

using Akka.Actor;
using Akka.Streams;
using Kv.Testing;

namespace Kv.Compat.Tests.Streams;

/// <summary>An actor system with a materializer.</summary>
public abstract class StreamTest : IAsyncLifetime
{
    protected static readonly TimeSpan Patience = PatientTestKit.Patience;

    protected ActorSystem System { get; } = ActorSystem.Create("stream-test", """
        akka.loglevel = OFF
        akka.stdout-loglevel = OFF
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        """);

    protected ActorMaterializer Materializer => System.Materializer();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => System.Terminate();

    /// <summary>The task's failure, without what wraps it.</summary>
    protected static async Task<Exception> Failure(Task task)
    {
        await Task.WhenAny(task, Task.Delay(Patience));
        Assert.True(task.IsFaulted, $"the task is {task.Status}");
        return task.Exception!.Flatten().InnerException!;
    }
}

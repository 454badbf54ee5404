using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Kv.Testing;
using Xunit;

namespace Kv.Compat.Tests.AkkaCore;

/// <summary>The event stream, loggers named in HOCON, and event filters.</summary>
public sealed class EventAndLogTests : PatientTestKit
{
    private abstract record Animal;

    private sealed record Cat : Animal;

    private sealed record Dog : Animal;

    public EventAndLogTests()
        : base("akka.loglevel = DEBUG")
    {
    }

    [Fact]
    public void A_subscriber_gets_what_is_assignable_to_its_class_until_it_leaves()
    {
        Assert.True(Sys.EventStream.Subscribe(TestActor, typeof(Animal)));
        Sys.EventStream.Publish(new Cat());
        ExpectMsg<Cat>();
        Sys.EventStream.Publish(new Dog());
        ExpectMsg<Dog>();
        Sys.EventStream.Publish("text");
        Assert.True(Sys.EventStream.Unsubscribe(TestActor));
        Sys.EventStream.Publish(new Cat());
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    private sealed class Talks : ReceiveActor
    {
        private readonly ILoggingAdapter _log = Context.GetLogger();

        public Talks()
        {
            Receive<string>(s => _log.Info("got {0} of {1}", s, 7));
            Receive<int>(n => _log.Error(new InvalidOperationException("bad"), "number {0}", n));
            Receive<bool>(_ => _log.Warning("plain"));
        }
    }

    [Fact]
    public void An_actors_logger_publishes_events_with_its_path_as_source()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Info));
        Sys.EventStream.Subscribe(TestActor, typeof(Error));
        var talks = Sys.ActorOf<Talks>("talks");
        talks.Tell("x");
        var info = FishForMessage<Info>(e => e.LogSource.Contains("/user/talks", StringComparison.Ordinal));
        Assert.Equal("got x of 7", info.Message.ToString());
        Assert.Equal(typeof(Talks), info.LogClass);
        Assert.Equal(LogLevel.InfoLevel, info.LogLevel());
        EventFilter.Exception<InvalidOperationException>().Mute(() =>
        {
            talks.Tell(5);
            var error = FishForMessage<Error>(static _ => true);
            Assert.Equal("bad", error.Cause.Message);
            Assert.Equal("number 5", error.Message.ToString());
        });
    }

    [Fact]
    public void Event_filters_count_what_is_logged()
    {
        var talks = Sys.ActorOf<Talks>("filtered");
        EventFilter.Info(contains: "got a").ExpectOne(() => talks.Tell("a"));
        EventFilter.Warning("plain").Expect(2, () =>
        {
            talks.Tell(true);
            talks.Tell(false);
        });
        EventFilter.Exception<InvalidOperationException>(start: "number").ExpectOne(() => talks.Tell(1));
        EventFilter.DeadLetter<string>().ExpectOne(() => Sys.DeadLetters.Tell("dead"));
        Assert.ThrowsAny<Exception>(() => EventFilter.Info("never").ExpectOne(TimeSpan.FromMilliseconds(50), static () => { }));
    }

    [Fact]
    public async Task Off_switches_every_level_off()
    {
        var system = ActorSystem.Create("silent", "akka.loglevel = OFF\nakka.stdout-loglevel = OFF");
        Assert.False(Logging.GetLogger(system, "source").IsErrorEnabled);
        await system.Terminate().WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_logger_named_in_the_configuration_gets_events_of_its_level_and_above()
    {
        Collector.Events.Clear();
        var system = ActorSystem.Create("logged", $$"""
            akka.loggers = ["{{typeof(Collector).FullName}}, {{typeof(Collector).Assembly.GetName().Name}}"]
            akka.loglevel = WARNING
            akka.stdout-loglevel = OFF
            """);
        var log = Logging.GetLogger(system, "source");
        Assert.False(log.IsInfoEnabled);
        Assert.True(log.IsWarningEnabled);
        log.Info("quiet");
        log.Warning("loud {0}", 1);
        await AwaitConditionAsync(static () => Collector.Events.Any(static e => e.Message.ToString() == "loud 1"), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(5));
        await system.Terminate().WaitAsync(TimeSpan.FromSeconds(10));
        var texts = Collector.Events.Select(static e => e.Message.ToString()).ToArray();
        Assert.Contains("loud 1", texts);
        Assert.DoesNotContain("quiet", texts);
    }

    /// <summary>A logger as an operator would write one.</summary>
    public sealed class Collector : ReceiveActor
    {
        public static System.Collections.Concurrent.ConcurrentQueue<LogEvent> Events { get; } = new();

        public Collector()
        {
            Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
            Receive<LogEvent>(Events.Enqueue);
        }
    }
}

using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using Kv.Gateway.Config;
using Kv.Gateway.Logging;
using Xunit;

namespace Kv.Gateway.Tests.Logging;

public class KvLoggerActorTests
{
    private sealed class Talker : ReceiveActor
    {
        public Talker() => ReceiveAny(message =>
        {
            var log = Context.GetLogger();
            log.Debug("not this");
            log.Info("became leader at term {0}", 7);
            log.Error(new InvalidOperationException("broken"), "it failed");
            log.Warning("badly {0} {1}", "formatted");
            Sender.Tell(message);
        });
    }

    [Fact]
    public async Task What_actors_log_reaches_the_sink_with_its_level_class_and_path()
    {
        const string name = "logger-test";
        var output = new MemoryStream();
        using (var sink = new LogSink(KvLogLevel.Info, console: false, TimeProvider.System, output))
        {
            KvLoggerActor.Use(name, sink);
            var system = ActorSystem.Create(name, KvLoggerActor.Hocon(KvLogLevel.Info));
            var talker = system.ActorOf(Props.Create(() => new Talker()), "talker");
            await talker.Ask<string>("go", TimeSpan.FromSeconds(10));
            await system.Terminate();
            KvLoggerActor.Forget(name);
        }

        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l).RootElement)
            .Where(l => l.GetProperty("caller").GetString() == "Talker")
            .ToList();
        Assert.Equal(["info", "error", "warn"], lines.Select(l => l.GetProperty("level").GetString()));
        Assert.Equal("became leader at term 7", lines[0].GetProperty("msg").GetString());
        Assert.Equal("/user/talker", lines[0].GetProperty("actor").GetString());
        Assert.Equal("broken", lines[1].GetProperty("error").GetString());
        Assert.Contains("badly", lines[2].GetProperty("msg").GetString(), StringComparison.Ordinal);
    }
}

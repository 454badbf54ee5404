using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using Akka.Remote;
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
            log.Error(new IOException("cannot bind", new SocketException((int)SocketError.AddressAlreadyInUse)), "no port");
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
            await system.ActorSelection("/system/log*").ResolveOne(TimeSpan.FromSeconds(10));     // it answers behind all that it was told
            await system.Terminate();
            KvLoggerActor.Forget(name);
        }

        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l).RootElement)
            .Where(l => l.GetProperty("caller").GetString() == "Talker")
            .ToList();
        Assert.Equal(["info", "error", "warn", "error"], lines.Select(l => l.GetProperty("level").GetString()));
        Assert.Equal("became leader at term 7", lines[0].GetProperty("msg").GetString());
        Assert.Equal("/user/talker", lines[0].GetProperty("actor").GetString());
        Assert.Equal("broken", lines[1].GetProperty("error").GetString());
        Assert.True(lines[1].TryGetProperty("stacktrace", out _));
        Assert.Contains("badly", lines[2].GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.Equal(new SocketException((int)SocketError.AddressAlreadyInUse).Message, lines[3].GetProperty("error").GetString());
        Assert.False(lines[3].TryGetProperty("stacktrace", out _));
    }

    /// <summary>The texts of the package and of <c>compat/</c>; two peers are down, one comes back.</summary>
    [Fact]
    public async Task A_peer_that_is_down_is_logged_once_and_once_when_it_is_back()
    {
        const string name = "gate-test";
        const string b = "akka.tcp://kv@127.0.0.1:2390", c = "akka.tcp://kv@127.0.0.1:2400";
        var output = new MemoryStream();
        using (var sink = new LogSink(KvLogLevel.Info, console: false, TimeProvider.System, output))
        {
            KvLoggerActor.Use(name, sink);
            var system = ActorSystem.Create(name, KvLoggerActor.Hocon(KvLogLevel.Info));
            var log = Akka.Event.Logging.GetLogger(system, "remoting");
            for (var i = 0; i < 5; i++)
            {
                log.Warning("Association with remote system [{0}] has failed; address is now gated for [{1}] ms. Reason: [{2}]", b, 300, "refused");
                log.Warning("Tried to associate with unreachable remote address [{0}]. Address is now gated for {1} ms, all messages to this address will be delivered to dead letters. Reason: [{2}]", c, 300, "refused");
            }
            log.Warning("another warning about [{0}]", b);
            var back = new AssociatedEvent(Address.Parse("akka.tcp://kv@127.0.0.1:2380"), Address.Parse(b), inbound: true);
            system.EventStream.Publish(back);
            system.EventStream.Publish(back);
            log.Warning("Association with remote system {0} has failed; address is now gated for {1} ms. Reason: [{2}]", b, 300, "gone");
            log.Warning("Association with remote system {0} has failed; address is now gated for {1} ms. Reason: [{2}]", b, 300, "gone");
            await system.ActorSelection("/system/log*").ResolveOne(TimeSpan.FromSeconds(10));     // it answers behind all that it was told
            await system.Terminate();
            KvLoggerActor.Forget(name);
        }

        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l).RootElement)
            .Where(l => l.GetProperty("msg").GetString()!.Contains("akka.tcp", StringComparison.Ordinal))
            .Select(l => $"{l.GetProperty("level")} {l.GetProperty("msg")}")
            .ToList();
        Assert.Equal(
            [
                $"warn Association with remote system [{b}] has failed; address is now gated for [300] ms. Reason: [refused]",
                $"warn Tried to associate with unreachable remote address [{c}]. Address is now gated for 300 ms, all messages to this address will be delivered to dead letters. Reason: [refused]",
                $"warn another warning about [{b}]",
                $"info Association with remote system [{b}] is up again",
                $"warn Association with remote system {b} has failed; address is now gated for 300 ms. Reason: [gone]",
            ],
            lines);
    }
}

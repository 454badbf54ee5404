using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Kv.Compat.Tests.Remote;

/// <summary>One actor system with remoting on loopback, ended with the test.</summary>
internal sealed class Node : IAsyncDisposable
{
    public const string Defaults = """
        akka {
          loglevel = DEBUG
          stdout-loglevel = OFF
          loggers = []
          log-dead-letters = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          actor {
            provider = remote
            ask-timeout = 10s
          }
          remote {
            retry-gate-closed-for = 300ms
            dot-netty.tcp {
              hostname = "127.0.0.1"
              port = 0
            }
          }
        }
        """;

    private Node(ActorSystem system) => System = system;

    public ActorSystem System { get; }

    public ExtendedActorSystem Extended => (ExtendedActorSystem)System;

    public Address Address => Extended.Provider.DefaultAddress;

    public static Node Start(string name = "node", string hocon = "") =>
        new(ActorSystem.Create(name, ConfigurationFactory.ParseString(hocon).WithFallback(ConfigurationFactory.ParseString(Defaults))));

    public static Node Start(string name, BootstrapSetup bootstrap, Akka.Actor.Setup.Setup setup) => new(ActorSystem.Create(name, bootstrap.And(setup)));

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new global::System.Net.Sockets.TcpListener(global::System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((global::System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Full path of a top-level actor here.</summary>
    public string PathOf(string name) => $"{Address}/user/{name}";

    /// <summary>Whatever lives at a path of another node.</summary>
    public ActorSelection Select(Node other, string name) => System.ActorSelection(other.PathOf(name));

    public Task<IActorRef> ResolveAsync(Node other, string name) => Select(other, name).ResolveOne(TimeSpan.FromSeconds(10));

    /// <summary>An actor under a name whose last holder has stopped; the name is free only once its parent has heard of that too.</summary>
    public async Task ActorOfOnceFreeAsync(Props props, string name)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (true)
        {
            try
            {
                System.ActorOf(props, name);
                return;
            }
            catch (InvalidActorNameException)
            {
                await ticks.WaitForNextTickAsync(limit.Token);
            }
        }
    }

    /// <summary>What is published here, from now on.</summary>
    public Watcher<T> Watch<T>() => new(System);

    public async ValueTask DisposeAsync() => await System.Terminate();
}

/// <summary>Gathers what is published on an event stream.</summary>
internal sealed class Watcher<T>
{
    private readonly System.Threading.Channels.Channel<T> _seen = System.Threading.Channels.Channel.CreateUnbounded<T>();

    public Watcher(ActorSystem system)
    {
        var actor = system.ActorOf(Props.Create(() => new Forwarder(m => _seen.Writer.TryWrite((T)m))));
        system.EventStream.Subscribe(actor, typeof(T));
    }

    /// <summary>The next that fits.</summary>
    public async Task<T> NextAsync(Func<T, bool>? fits = null, int seconds = 20)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (true)
        {
            var seen = await _seen.Reader.ReadAsync(limit.Token);
            if (fits is null || fits(seen)) return seen;
        }
    }

    private sealed class Forwarder : UntypedActor
    {
        private readonly Action<object> _sink;

        public Forwarder(Action<object> sink) => _sink = sink;

        protected override void OnReceive(object message) => _sink(message);
    }
}

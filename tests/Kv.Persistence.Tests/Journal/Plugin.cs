using System.Threading.Channels;
using Akka.Actor;
using Akka.Configuration;
using Kv.Persistence.Io;
using Kv.Testing;

namespace Kv.Persistence.Tests.Journal;

/// <summary>An actor system with our two plugins on a simulated disk, and an actor that hands over what it is told.</summary>
internal sealed class Plugin : IAsyncDisposable
{
    public static readonly TimeSpan Patience = PatientTestKit.Patience;

    private readonly Channel<object> _received = Channel.CreateUnbounded<object>();

    public Plugin(IDisk disk, Workers? workers = null)
    {
        System = ActorSystem.Create("plugin", ConfigurationFactory.ParseString("""
            akka.loglevel = WARNING
            akka.persistence.journal.plugin = kv.persistence.journal
            akka.persistence.snapshot-store.plugin = kv.persistence.snapshot-store
            kv.persistence.journal { dir = "/wal", segment-bytes = 4096, first-segment-bytes = 4096, plugin-dispatcher = "kv.persistence.journal-dispatcher" }
            kv.persistence.snapshot-store { dir = "/snap" }
            """).WithFallback(ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "wal-journal.conf")))));
        StorageExtension.For(System).Disk = disk;
        StorageExtension.For(System).Workers = workers ?? Workers.Threads;
        Probe = System.ActorOf(Props.Create(() => new Collector(_received.Writer)));
        Journal = Akka.Persistence.Persistence.Instance.Apply(System).JournalFor(null!);
        Snapshots = Akka.Persistence.Persistence.Instance.Apply(System).SnapshotStoreFor(null!);
    }

    public ActorSystem System { get; }

    public IActorRef Probe { get; }

    public IActorRef Journal { get; }

    public IActorRef Snapshots { get; }

    public async Task<T> Expect<T>()
    {
        using var patience = new CancellationTokenSource(Patience);
        return Assert.IsAssignableFrom<T>(await _received.Reader.ReadAsync(patience.Token));
    }

    public async ValueTask DisposeAsync() => await System.Terminate();

    private sealed class Collector : ReceiveActor
    {
        public Collector(ChannelWriter<object> received) => ReceiveAny(message => received.TryWrite(message));
    }
}

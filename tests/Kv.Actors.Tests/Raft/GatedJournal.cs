using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Kv.Actors.Tests.Raft;

/// <summary>A journal in memory that writes when its test lets it, or fails when its test says so.</summary>
public sealed class GatedJournal : AsyncWriteJournal
{
    private static readonly ConcurrentDictionary<string, Gate> _gates = new();
    private readonly Gate _gate;

    public GatedJournal(Config config) => _gate = Of(config.GetString("gate"));

    /// <summary>The gate of that name.</summary>
    public static Gate Of(string name) => _gates.GetOrAdd(name, static _ => new Gate());

    /// <summary>HOCON of a system whose journal is behind a gate.</summary>
    public static string Hocon(string name) => $$"""
        akka.persistence.journal.plugin = "test.journal"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        akka.persistence.snapshot-store.inmem.class = "Akka.Persistence.Snapshot.MemorySnapshotStore, Akka.Persistence"
        akka.loglevel = OFF
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        test.journal {
          class = "Kv.Actors.Tests.Raft.GatedJournal, Kv.Actors.Tests"
          plugin-dispatcher = "akka.actor.default-dispatcher"
          gate = "{{name}}"
        }
        """;

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var events = messages.SelectMany(static write => (IImmutableList<IPersistentRepresentation>)write.Payload).ToList();
        await _gate.WriteAsync(events);
        return null!;
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        Task.FromResult(_gate.Stored is [.., var last] ? last.SequenceNr : 0);

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        foreach (var stored in _gate.Stored.Where(stored => stored.SequenceNr >= fromSequenceNr && stored.SequenceNr <= toSequenceNr).ToList())
        {
            recoveryCallback(stored);
        }
        return Task.CompletedTask;
    }

    /// <summary>What a test holds of a journal.</summary>
    public sealed class Gate
    {
        private readonly Lock _lock = new();
        private readonly List<IPersistentRepresentation> _stored = [];
        private readonly Queue<TaskCompletionSource> _held = new();
        private TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _holds;

        /// <summary>Writes done, each with how many events it had.</summary>
        public List<int> Writes { get; } = [];

        public IReadOnlyList<IPersistentRepresentation> Stored
        {
            get
            {
                lock (_lock)
                {
                    return [.. _stored];
                }
            }
        }

        /// <summary>From here on writes wait for <see cref="Release"/> or <see cref="Fail"/>.</summary>
        public void Hold()
        {
            lock (_lock)
            {
                _holds = true;
            }
        }

        /// <summary>Ends when a write waits.</summary>
        public Task Asked
        {
            get
            {
                lock (_lock)
                {
                    return _held.Count > 0 ? Task.CompletedTask : _asked.Task;
                }
            }
        }

        /// <summary>Lets the write that waits be done, and those after it.</summary>
        public void Release(bool andHold = false)
        {
            lock (_lock)
            {
                _holds = andHold;
                while (_held.TryDequeue(out var held))
                {
                    held.TrySetResult();
                }
            }
        }

        /// <summary>The write that waits fails.</summary>
        public void Fail()
        {
            lock (_lock)
            {
                while (_held.TryDequeue(out var held))
                {
                    held.TrySetException(new IOException("no disk"));
                }
            }
        }

        internal async Task WriteAsync(List<IPersistentRepresentation> events)
        {
            TaskCompletionSource? held = null;
            lock (_lock)
            {
                if (_holds)
                {
                    _held.Enqueue(held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                    _asked.TrySetResult();
                    _asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
            if (held is not null)
            {
                await held.Task;
            }
            lock (_lock)
            {
                _stored.AddRange(events);
                Writes.Add(events.Count);
            }
        }
    }
}

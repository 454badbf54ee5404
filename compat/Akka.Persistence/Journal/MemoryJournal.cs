using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>Keeps events in memory for as long as the actor system lives: for tests.</summary>
public class MemoryJournal : AsyncWriteJournal
{
    private static readonly Task<IImmutableList<Exception>> AllStored = Task.FromResult<IImmutableList<Exception>>(null);

    private readonly Dictionary<string, EventList> _lists = [];

    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var now = DateTime.UtcNow.Ticks;
        foreach (var write in messages)
        {
            if (!_lists.TryGetValue(write.PersistenceId, out var list)) _lists.Add(write.PersistenceId, list = new EventList());
            foreach (var persistent in EventsOf(write)) list.Events.Add(persistent.WithTimestamp(now));
            list.Highest = Math.Max(list.Highest, write.HighestSequenceNr);
        }

        return AllStored;
    }

    /// <inheritdoc/>
    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        Task.FromResult(_lists.TryGetValue(persistenceId, out var list) ? list.Highest : 0L);

    /// <inheritdoc/>
    public override Task ReplayMessagesAsync(IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr,
        long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        if (!_lists.TryGetValue(persistenceId, out var list)) return Task.CompletedTask;
        foreach (var persistent in list.Events)
        {
            if (max <= 0 || persistent.SequenceNr > toSequenceNr) break;
            if (persistent.SequenceNr < fromSequenceNr) continue;
            recoveryCallback(persistent);
            max--;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken)
    {
        if (_lists.TryGetValue(persistenceId, out var list)) list.Events.RemoveAll(persistent => persistent.SequenceNr <= toSequenceNr);
        return Task.CompletedTask;
    }

    private sealed class EventList
    {
        public List<IPersistentRepresentation> Events { get; } = [];

        public long Highest { get; set; }
    }
}

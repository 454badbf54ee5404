using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Kv.Actors.Raft;
using Kv.Persistence.Journal;

namespace Kv.Simulation.Planted;

/// <summary>Base of journals that change what is replayed: all of it is read first, so that the last event can be told from the others.</summary>
public abstract class ReplayingWrong(Config config) : WalJournal(config)
{
    /// <inheritdoc/>
    public override async Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        ArgumentNullException.ThrowIfNull(recoveryCallback);
        var events = new List<IPersistentRepresentation>();
        await base.ReplayMessagesAsync(context, persistenceId, fromSequenceNr, toSequenceNr, max, events.Add);
        var last = events.FindLastIndex(static e => e.Payload is RaftEvent.Appended);
        if (last >= 0) events[last] = events[last].WithPayload(Change((RaftEvent.Appended)events[last].Payload));
        foreach (var each in events) recoveryCallback(each);
    }

    /// <summary>What becomes of the last entries that were appended.</summary>
    protected abstract RaftEvent Change(RaftEvent.Appended last);
}

/// <summary>Cuts the last entry off, though it was acknowledged.</summary>
public sealed class CutsSuffix(Config config) : ReplayingWrong(config)
{
    /// <inheritdoc/>
    protected override RaftEvent Change(RaftEvent.Appended last)
    {
        ArgumentNullException.ThrowIfNull(last);
        var kept = last.Entries.Count - 1;
        return kept == 0
            ? new RaftEvent.HardStateChanged(last.State with { Commit = Math.Min(last.State.Commit, last.Entries.FirstIndex - 1) })
            : new RaftEvent.Appended(last.Entries.Slice(0, kept), last.State with { Commit = Math.Min(last.State.Commit, last.Entries[kept - 1].Index) });
    }
}

/// <summary>Takes the last entry for whole though half of it is missing.</summary>
public sealed class KeepsTornTail(Config config) : ReplayingWrong(config)
{
    /// <inheritdoc/>
    protected override RaftEvent Change(RaftEvent.Appended last)
    {
        ArgumentNullException.ThrowIfNull(last);
        Entry[] entries = [.. last.Entries];
        var torn = entries[^1];
        if (torn.Data.Length < 40 || torn.IsConfChange) return last;
        var data = torn.Data.ToArray();
        data.AsSpan(data.Length - 4).Clear();              // the end of a value: it still reads as a request
        entries[^1] = new Entry(torn.Term, torn.Index, torn.Type, data);
        return new RaftEvent.Appended(new LogSlice(entries), last.State);
    }
}

/// <summary>Keeps terms and forgets votes.</summary>
public sealed class ForgetsVotes(Config config) : WalJournal(config)
{
    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken) =>
        base.WriteMessagesAsync(
            [.. messages.Select(static write => new AtomicWrite(((IImmutableList<IPersistentRepresentation>)write.Payload).Select(Without).ToImmutableList()))],
            cancellationToken);

    private static IPersistentRepresentation Without(IPersistentRepresentation representation) => representation.WithPayload(representation.Payload switch
    {
        RaftEvent.HardStateChanged changed => new RaftEvent.HardStateChanged(changed.State with { Vote = RaftConfig.None }),
        RaftEvent.Appended appended => appended with { State = appended.State with { Vote = RaftConfig.None } },
        var other => other,
    });
}

/// <summary>Says that it is written before it is.</summary>
public sealed class AnswersTooSoon(Config config) : WalJournal(config)
{
    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var writing = base.WriteMessagesAsync(messages, cancellationToken);
        return writing.IsFaulted ? writing : Task.FromResult<IImmutableList<Exception>>(null!);
    }
}

using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>What every journal shares.</summary>
public abstract class WriteJournalBase : ActorBase
{
    /// <summary>
    /// The writes of a request, in order and without deferred elements. Events carry no sender; those that do are copied, so
    /// the writes of this assembly's actors, which carry none, go through as they are.
    /// </summary>
    internal static List<AtomicWrite> WritesOf(IEnumerable<IPersistentEnvelope> envelopes)
    {
        var writes = new List<AtomicWrite>();
        foreach (var envelope in envelopes)
        {
            if (envelope is AtomicWrite write) writes.Add(write.Events.IsDefault ? WithoutSenders(write) : write);
        }

        return writes;
    }

    /// <summary>The events of a write.</summary>
    internal static IEnumerable<IPersistentRepresentation> EventsOf(AtomicWrite write) =>
        (IEnumerable<IPersistentRepresentation>)write.Payload;

    private static AtomicWrite WithoutSenders(AtomicWrite write)
    {
        var events = ImmutableArray.CreateBuilder<IPersistentRepresentation>(write.Size);
        foreach (var e in EventsOf(write))
            events.Add(e.Update(e.SequenceNr, e.PersistenceId, e.IsDeleted, ActorRefs.NoSender, e.WriterGuid));
        return new AtomicWrite(events.MoveToImmutable());
    }
}

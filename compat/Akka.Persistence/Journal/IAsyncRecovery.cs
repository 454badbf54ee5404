using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>The reading side of a journal.</summary>
public interface IAsyncRecovery
{
    /// <summary>Hands stored events to <paramref name="recoveryCallback"/>, in order, one call at a time.</summary>
    /// <param name="context">Of the journal's actor; usable until the first await.</param>
    /// <param name="persistenceId">Whose events.</param>
    /// <param name="fromSequenceNr">The first number, inclusive.</param>
    /// <param name="toSequenceNr">The last number, inclusive.</param>
    /// <param name="max">How many at most; none when 0.</param>
    /// <param name="recoveryCallback">Takes each event.</param>
    /// <returns>Ends when the last event has been handed over.</returns>
    Task ReplayMessagesAsync(IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max,
        Action<IPersistentRepresentation> recoveryCallback);

    /// <summary>The highest number ever stored; deletion of events does not lower it.</summary>
    /// <param name="persistenceId">Whose events.</param>
    /// <param name="fromSequenceNr">A hint where to start looking.</param>
    /// <param name="cancellationToken">Set when the call has taken too long.</param>
    Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken);
}

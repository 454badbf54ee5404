using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence;

public abstract partial class Eventsourced
{
    private readonly Queue<PendingHandlers> _pending = new();
    private List<IPersistentEnvelope> _gathered = [];
    private bool _writing;
    private long _stashingEvents;

    /// <summary>Stores an event and then runs the handler. Commands wait until it has run.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    public void Persist<TEvent>(TEvent @event, Action<TEvent> handler) => Add(One(@event), handler, stashing: true);

    /// <summary>Stores events all or none and then runs the handler for each. Commands wait meanwhile.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    public void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler)
    {
        RequireRecovered();
        if (events is null) return;
        var payload = All(events);
        if (payload.Length > 0) Add(payload, handler, stashing: true);
    }

    /// <summary>Stores an event and then runs the handler. Other commands are handled meanwhile; handlers keep the order of the calls.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    public void PersistAsync<TEvent>(TEvent @event, Action<TEvent> handler) => Add(One(@event), handler, stashing: false);

    /// <summary>Stores events all or none and then runs the handler for each. Other commands are handled meanwhile.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    /// <exception cref="ArgumentException">There are no events.</exception>
    public void PersistAllAsync<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler)
    {
        RequireRecovered();
        var payload = All(events);
        if (payload.Length == 0) throw new ArgumentException("Payload of AtomicWrite must not be empty.", nameof(events));
        Add(payload, handler, stashing: false);
    }

    /// <summary>Runs the handler after those of everything persisted so far: at once if nothing is under way. Stores nothing.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    public void DeferAsync<TEvent>(TEvent evt, Action<TEvent> handler)
    {
        RequireRecovered();
        if (_pending.Count == 0)
        {
            handler(evt);
            return;
        }

        _pending.Enqueue(new PendingHandlers<TEvent>(handler, stashing: false, 1));
        _batch.Add(new NonPersistentMessage(evt, Sender));
    }

    private ImmutableArray<IPersistentRepresentation> One(object @event)
    {
        RequireRecovered();
        return [Number(@event)];
    }

    private ImmutableArray<IPersistentRepresentation> All<TEvent>(IEnumerable<TEvent> events)
    {
        var payload = events.TryGetNonEnumeratedCount(out var count)
            ? ImmutableArray.CreateBuilder<IPersistentRepresentation>(count)
            : ImmutableArray.CreateBuilder<IPersistentRepresentation>();
        foreach (var @event in events) payload.Add(Number(@event));
        return payload.DrainToImmutable();
    }

    private Persistent Number(object @event) =>
        new(@event, ++_sequenceNr, PersistenceId, writerGuid: _writerGuid);

    private void Add<TEvent>(ImmutableArray<IPersistentRepresentation> payload, Action<TEvent> handler, bool stashing)
    {
        _pending.Enqueue(new PendingHandlers<TEvent>(handler, stashing, payload.Length));
        if (stashing) _stashingEvents += payload.Length;
        _batch.Add(new AtomicWrite(payload, Sender));
    }

    private void RequireRecovered()
    {
        if (IsRecovering)
            throw new InvalidOperationException(
                "Cannot persist during replay. Events can be persisted when receiving RecoveryCompleted or later.");
    }

    // What one handler run has persisted; it joins the gathered writes when that run ends.
    private readonly List<IPersistentEnvelope> _batch = [];

    private void FlushBatch()
    {
        if (_batch.Count > 0)
        {
            _gathered.AddRange(_batch);
            _batch.Clear();
        }

        FlushGathered();
    }

    private void FlushGathered()
    {
        if (_writing || _gathered.Count == 0) return;
        // Handlers of Persist let waiting commands in between, one by one: they take a message for each event.
        var request = new WriteMessages(_gathered, Self, _instanceId) { AnswerAtOnce = _stashingEvents == 0 };
        _gathered = [];
        _writing = true;
        Journal.Tell(request, Self);
    }

    /// <summary>Handlers of one call, waiting for as many events.</summary>
    private abstract class PendingHandlers(bool stashing, int left)
    {
        public bool Stashing { get; } = stashing;

        public int Left { get; set; } = left;

        public abstract void Run(object @event);
    }

    private sealed class PendingHandlers<TEvent>(Action<TEvent> handler, bool stashing, int left) : PendingHandlers(stashing, left)
    {
        public override void Run(object @event) => handler((TEvent)@event);
    }
}

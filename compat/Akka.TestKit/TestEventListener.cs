using Akka.Event;
using Akka.TestKit.Internal;

namespace Akka.TestKit.Internal
{
    /// <summary>Whether an event is wanted.</summary>
    public abstract class EventFilterBase
    {
        /// <summary>Raised for each event that matches.</summary>
        public event Action<EventFilterBase, LogEvent> EventMatched;

        /// <summary>Whether an event matches.</summary>
        protected abstract bool IsMatch(LogEvent evt);

        internal bool Apply(LogEvent logEvent)
        {
            if (!IsMatch(logEvent)) return false;
            EventMatched?.Invoke(this, logEvent);
            return true;
        }
    }

    internal sealed class PredicateFilter(string description, Predicate<LogEvent> predicate) : EventFilterBase
    {
        protected override bool IsMatch(LogEvent evt) => predicate(evt);

        public override string ToString() => description;
    }

    internal sealed record MuteFilters(IReadOnlyCollection<EventFilterBase> Filters) : Actor.INoSerializationVerificationNeeded;

    internal sealed record UnmuteFilters(IReadOnlyCollection<EventFilterBase> Filters) : Actor.INoSerializationVerificationNeeded;
}

namespace Akka.TestKit
{
    /// <summary>The logger of test systems: event filters look at events first; what none wants goes to the console.</summary>
    public class TestEventListener : DefaultLogger
    {
        private readonly List<EventFilterBase> _filters = [];

        /// <inheritdoc/>
        protected override bool Receive(object message)
        {
            switch (message)
            {
                case InitializeLogger initialize:
                    foreach (var type in new[] { typeof(MuteFilters), typeof(UnmuteFilters), typeof(DeadLetter), typeof(UnhandledMessage) })
                        ((EventStream)initialize.LoggingBus).Subscribe(Self, type);
                    return base.Receive(message);
                case MuteFilters mute:
                    _filters.AddRange(mute.Filters);
                    return true;
                case UnmuteFilters unmute:
                    foreach (var filter in unmute.Filters) _filters.Remove(filter);
                    return true;
                case LogEvent logEvent:
                    if (!Wanted(logEvent)) Print(logEvent);
                    return true;
                case DeadLetter letter:
                    Look(new Warning(letter.Recipient.Path.ToString(), letter.Recipient.GetType(), letter));
                    return true;
                case UnhandledMessage unhandled:
                    Look(new Warning(unhandled.Recipient.Path.ToString(), unhandled.Recipient.GetType(), $"Unhandled message from {unhandled.Sender}: {unhandled.Message}"));
                    return true;
                default:
                    Print(new Akka.Event.Debug(Context.System.Name, GetType(), message));
                    return true;
            }
        }

        // Dead letters and unhandled messages are logged elsewhere; filters may want them all the same.
        private void Look(LogEvent logEvent)
        {
            if (Wanted(logEvent) || logEvent.Message is DeadLetter) return;
            if (Context.System.Settings.DebugUnhandledMessage) Print(logEvent);
        }

        private bool Wanted(LogEvent logEvent)
        {
            foreach (var filter in _filters.ToArray())
            {
                try
                {
                    if (filter.Apply(logEvent)) return true;
                }
                catch (FormatException e)
                {
                    Print(new Warning(e, Context.System.Name, GetType(), $"Filter {filter} could not read an event: its template does not fit its arguments"));
                }
            }

            return false;
        }
    }
}

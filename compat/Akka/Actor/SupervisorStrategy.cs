using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor
{
    /// <summary>What becomes of a child that failed.</summary>
    public enum Directive
    {
        /// <summary>It goes on with its state; the message is lost.</summary>
        Resume,

        /// <summary>A new instance takes its place.</summary>
        Restart,

        /// <summary>The supervisor fails itself.</summary>
        Escalate,

        /// <summary>It is stopped.</summary>
        Stop,
    }

    /// <summary>Decides by exception.</summary>
    public interface IDecider
    {
        /// <summary>The decision.</summary>
        Directive Decide(Exception cause);
    }

    /// <summary>Decides by a function.</summary>
    public class LocalOnlyDecider : IDecider
    {
        private readonly Func<Exception, Directive> _decider;

        /// <summary>By the function.</summary>
        public LocalOnlyDecider(Func<Exception, Directive> decider) => _decider = decider;

        /// <inheritdoc/>
        public Directive Decide(Exception cause) => _decider(cause);
    }

    /// <summary>Makes deciders.</summary>
    public static class Decider
    {
        /// <summary>By the function.</summary>
        public static LocalOnlyDecider From(Func<Exception, Directive> localOnlyDecider) => new(localOnlyDecider);
    }

    /// <summary>How an actor supervises its children.</summary>
    public abstract class SupervisorStrategy
    {
        /// <summary>Stops an actor that could not start, was killed or lost a watched actor; restarts any other.</summary>
        public static IDecider DefaultDecider = Akka.Actor.Decider.From(static cause => cause switch
        {
            ActorInitializationException or ActorKilledException or DeathPactException => Directive.Stop,
            _ => Directive.Restart,
        });

        /// <summary>One for one, by the default decider, without limit.</summary>
        public static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(DefaultDecider);

        /// <summary>One for one, always stop.</summary>
        public static readonly OneForOneStrategy StoppingStrategy = new(static _ => Directive.Stop);

        /// <summary>Logs failures unless told otherwise.</summary>
        protected SupervisorStrategy()
        {
        }

        /// <summary>Decides.</summary>
        public abstract IDecider Decider { get; }

        /// <summary>Whether failures are logged.</summary>
        protected bool LoggingEnabled { get; set; } = true;

        /// <summary>The decision for a child.</summary>
        protected abstract Directive Handle(IActorRef child, Exception exception);

        /// <summary>Carries out Restart or Stop.</summary>
        public abstract void ProcessFailure(IActorContext context, bool restart, IActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children);

        /// <summary>A child has stopped.</summary>
        public abstract void HandleChildTerminated(IActorContext actorContext, IActorRef child, IEnumerable<IInternalActorRef> children);

        /// <summary>Decides and carries out; false to escalate.</summary>
        public bool HandleFailure(ActorCell actorCell, IActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children)
        {
            var directive = Handle(child, cause);
            switch (directive)
            {
                case Directive.Resume:
                    LogFailure(actorCell, child, cause, directive);
                    ResumeChild(child, cause);
                    return true;
                case Directive.Restart:
                    LogFailure(actorCell, child, cause, directive);
                    ProcessFailure(actorCell, true, child, cause, stats, children);
                    return true;
                case Directive.Stop:
                    LogFailure(actorCell, child, cause, directive);
                    ProcessFailure(actorCell, false, child, cause, stats, children);
                    return true;
                default:
                    LogFailure(actorCell, child, cause, directive);
                    return false;
            }
        }

        /// <summary>Lets a child go on.</summary>
        protected void ResumeChild(IActorRef child, Exception exception) => ((IInternalActorRef)child).Resume(exception);

        /// <summary>Has a child start anew.</summary>
        protected void RestartChild(IActorRef child, Exception cause, bool suspendFirst)
        {
            var internalChild = (IInternalActorRef)child;
            if (suspendFirst) internalChild.Suspend();
            internalChild.Restart(cause);
        }

        /// <summary>Publishes the failure: a warning when the child goes on, else an error; nothing when it escalates.</summary>
        protected virtual void LogFailure(IActorContext context, IActorRef child, Exception cause, Directive directive)
        {
            if (!LoggingEnabled || directive == Directive.Escalate) return;
            var message = cause is ActorInitializationException { InnerException: { } inner } ? inner.Message : cause.Message;
            LogEvent logEvent = directive == Directive.Resume
                ? new Warning(cause, child.Path.ToString(), GetType(), message)
                : new Error(cause, child.Path.ToString(), GetType(), message);
            context.System.EventStream.Publish(logEvent);
        }

        internal static void StopChild(IActorContext context, IActorRef child) => context.Stop(child);
    }

    /// <summary>Deals with the child that failed only.</summary>
    public class OneForOneStrategy : SupervisorStrategy
    {
        private readonly IDecider _decider;

        /// <summary>At most so many restarts within a time; null or negative for no limit.</summary>
        public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
            : this(maxNrOfRetries.GetValueOrDefault(-1), Milliseconds(withinTimeRange), localOnlyDecider)
        {
        }

        /// <summary>At most so many restarts within a time; null or negative for no limit.</summary>
        public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
            : this(maxNrOfRetries.GetValueOrDefault(-1), Milliseconds(withinTimeRange), decider)
        {
        }

        /// <summary>At most so many restarts within milliseconds; negative for no limit.</summary>
        public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
            : this(maxNrOfRetries, withinTimeMilliseconds, new LocalOnlyDecider(localOnlyDecider), loggingEnabled)
        {
        }

        /// <summary>At most so many restarts within milliseconds; negative for no limit.</summary>
        public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
        {
            MaxNumberOfRetries = maxNrOfRetries;
            WithinTimeRangeMilliseconds = withinTimeMilliseconds;
            _decider = decider;
            LoggingEnabled = loggingEnabled;
        }

        /// <summary>Without limit.</summary>
        public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
            : this(-1, -1, localOnlyDecider)
        {
        }

        /// <summary>Without limit.</summary>
        public OneForOneStrategy(IDecider decider)
            : this(-1, -1, decider)
        {
        }

        /// <inheritdoc/>
        public override IDecider Decider => _decider;

        /// <summary>Restarts allowed; negative for no limit.</summary>
        public int MaxNumberOfRetries { get; }

        /// <summary>Within this; negative or 0 for ever.</summary>
        public int WithinTimeRangeMilliseconds { get; }

        internal static int Milliseconds(TimeSpan? range) => range is { } given ? (int)given.TotalMilliseconds : -1;

        /// <inheritdoc/>
        protected override Directive Handle(IActorRef child, Exception exception) => _decider.Decide(exception);

        /// <inheritdoc/>
        public override void ProcessFailure(IActorContext context, bool restart, IActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children)
        {
            if (restart && stats.RequestRestartPermission(MaxNumberOfRetries, WithinTimeRangeMilliseconds)) RestartChild(child, cause, suspendFirst: false);
            else StopChild(context, child);
        }

        /// <inheritdoc/>
        public override void HandleChildTerminated(IActorContext actorContext, IActorRef child, IEnumerable<IInternalActorRef> children)
        {
        }
    }

    /// <summary>Deals with all children when one fails.</summary>
    public class AllForOneStrategy : SupervisorStrategy
    {
        private readonly IDecider _decider;

        /// <summary>At most so many restarts within a time; null or negative for no limit.</summary>
        public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
            : this(maxNrOfRetries.GetValueOrDefault(-1), OneForOneStrategy.Milliseconds(withinTimeRange), localOnlyDecider)
        {
        }

        /// <summary>At most so many restarts within a time; null or negative for no limit.</summary>
        public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
            : this(maxNrOfRetries.GetValueOrDefault(-1), OneForOneStrategy.Milliseconds(withinTimeRange), decider)
        {
        }

        /// <summary>At most so many restarts within milliseconds; negative for no limit.</summary>
        public AllForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
            : this(maxNrOfRetries, withinTimeMilliseconds, new LocalOnlyDecider(localOnlyDecider), loggingEnabled)
        {
        }

        /// <summary>At most so many restarts within milliseconds; negative for no limit.</summary>
        public AllForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
        {
            MaxNumberOfRetries = maxNrOfRetries;
            WithinTimeRangeMilliseconds = withinTimeMilliseconds;
            _decider = decider;
            LoggingEnabled = loggingEnabled;
        }

        /// <summary>Without limit.</summary>
        public AllForOneStrategy(Func<Exception, Directive> localOnlyDecider)
            : this(-1, -1, localOnlyDecider)
        {
        }

        /// <summary>Without limit.</summary>
        public AllForOneStrategy(IDecider decider)
            : this(-1, -1, decider)
        {
        }

        /// <inheritdoc/>
        public override IDecider Decider => _decider;

        /// <summary>Restarts allowed; negative for no limit.</summary>
        public int MaxNumberOfRetries { get; }

        /// <summary>Within this; negative or 0 for ever.</summary>
        public int WithinTimeRangeMilliseconds { get; }

        /// <inheritdoc/>
        protected override Directive Handle(IActorRef child, Exception exception) => _decider.Decide(exception);

        /// <inheritdoc/>
        public override void ProcessFailure(IActorContext context, bool restart, IActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children)
        {
            if (children.Count == 0) return;
            var permitted = restart;
            if (restart)
                foreach (var c in children) permitted &= c.RequestRestartPermission(MaxNumberOfRetries, WithinTimeRangeMilliseconds);
            foreach (var c in children)
            {
                if (permitted) RestartChild(c.Child, cause, suspendFirst: !child.Equals(c.Child));
                else StopChild(context, c.Child);
            }
        }

        /// <inheritdoc/>
        public override void HandleChildTerminated(IActorContext actorContext, IActorRef child, IEnumerable<IInternalActorRef> children)
        {
        }
    }

    /// <summary>Makes the strategy of a guardian; named by <c>akka.actor.guardian-supervisor-strategy</c>.</summary>
    public abstract class SupervisorStrategyConfigurator
    {
        /// <summary>The strategy.</summary>
        public abstract SupervisorStrategy Create();

        /// <summary>The configurator of a type.</summary>
        /// <exception cref="ConfigurationException">It cannot be loaded.</exception>
        public static SupervisorStrategyConfigurator CreateConfigurator(string typeName) => typeName switch
        {
            "Akka.Actor.DefaultSupervisorStrategy" => new DefaultSupervisorStrategy(),
            "Akka.Actor.StoppingSupervisorStrategy" => new StoppingSupervisorStrategy(),
            null => throw new ConfigurationException("Could not resolve SupervisorStrategyConfigurator. typeName is null"),
            _ when Type.GetType(typeName, throwOnError: false) is { } type => (SupervisorStrategyConfigurator)Activator.CreateInstance(type),
            _ => throw new ConfigurationException($"Could not resolve SupervisorStrategyConfigurator type {typeName}"),
        };
    }

    /// <summary>The usual one.</summary>
    public class DefaultSupervisorStrategy : SupervisorStrategyConfigurator
    {
        /// <inheritdoc/>
        public override SupervisorStrategy Create() => SupervisorStrategy.DefaultStrategy;
    }

    /// <summary>Always stops.</summary>
    public class StoppingSupervisorStrategy : SupervisorStrategyConfigurator
    {
        /// <inheritdoc/>
        public override SupervisorStrategy Create() => SupervisorStrategy.StoppingStrategy;
    }
}

namespace Akka.Actor.Internal
{
    /// <summary>A child and how often it was restarted.</summary>
    public class ChildRestartStats
    {
        private long _windowStart;

        /// <summary>For a child.</summary>
        public ChildRestartStats(IInternalActorRef child, uint maxNrOfRetriesCount = 0, long restartTimeWindowStartTicks = 0)
        {
            Child = child;
            MaxNrOfRetriesCount = maxNrOfRetriesCount;
            _windowStart = restartTimeWindowStartTicks;
        }

        /// <summary>The child.</summary>
        public IInternalActorRef Child { get; }

        /// <summary>Its incarnation.</summary>
        public long Uid => Child.Path.Uid;

        /// <summary>Restarts counted in the window.</summary>
        public uint MaxNrOfRetriesCount { get; private set; }

        /// <summary>When the window began, in ticks; 0 before the first restart.</summary>
        public long RestartTimeWindowStartTicks => _windowStart;

        internal bool Dying { get; set; }

        /// <summary>Whether one more restart is allowed; counts it.</summary>
        public bool RequestRestartPermission(int maxNrOfRetries, int withinTimeMilliseconds)
        {
            if (maxNrOfRetries == 0) return false;
            var limited = maxNrOfRetries > 0;
            if (withinTimeMilliseconds <= 0) return !limited || ++MaxNrOfRetriesCount <= maxNrOfRetries;
            var retries = limited ? maxNrOfRetries : 1;
            var now = Environment.TickCount64 * TimeSpan.TicksPerMillisecond;
            if (_windowStart == 0) _windowStart = now;
            if (now - _windowStart <= withinTimeMilliseconds * TimeSpan.TicksPerMillisecond)
            {
                MaxNrOfRetriesCount++;
                return MaxNrOfRetriesCount <= retries;
            }

            MaxNrOfRetriesCount = 1;
            _windowStart = now;
            return true;
        }
    }
}

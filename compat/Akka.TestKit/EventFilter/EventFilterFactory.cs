using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Internal;

namespace Akka.TestKit;

/// <summary>What a filter can do.</summary>
public interface IEventFilterApplier
{
    /// <summary>Adds another filter.</summary>
    EventFilterFactory And { get; }

    /// <summary>Fails unless the action logs exactly so many events that match.</summary>
    void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default);

    /// <summary>The same, waiting no longer than a time.</summary>
    void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default);

    /// <summary>Fails unless the action logs exactly so many events that match.</summary>
    Task ExpectAsync(int expectedCount, Func<Task> actionAsync, CancellationToken cancellationToken = default);

    /// <summary>The same, waiting no longer than a time.</summary>
    Task ExpectAsync(int expectedCount, TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default);

    /// <summary>Fails unless the action logs exactly one event that matches.</summary>
    void ExpectOne(Action action, CancellationToken cancellationToken = default);

    /// <summary>The same, waiting no longer than a time.</summary>
    void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default);

    /// <summary>Fails unless the action logs exactly one event that matches.</summary>
    Task ExpectOneAsync(Func<Task> actionAsync, CancellationToken cancellationToken = default);

    /// <summary>The same, waiting no longer than a time.</summary>
    Task ExpectOneAsync(TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default);

    /// <summary>Keeps events that match from the console while the action runs.</summary>
    void Mute(Action action, CancellationToken cancellationToken = default);

    /// <summary>Keeps events that match from the console until disposed of.</summary>
    IUnmutableFilter Mute();
}

/// <summary>Ends a mute.</summary>
public interface IUnmutableFilter : IDisposable
{
    /// <summary>Ends it.</summary>
    void Unmute();
}

/// <summary>Makes event filters; several are joined by <see cref="IEventFilterApplier.And"/>.</summary>
public class EventFilterFactory
{
    private readonly TestKitBase _kit;
    private readonly ActorSystem _system;
    private readonly IReadOnlyList<EventFilterBase> _filters;

    /// <summary>For a kit.</summary>
    public EventFilterFactory(TestKitBase testkit)
        : this(testkit, testkit.Sys, [])
    {
    }

    /// <summary>For a kit and another system.</summary>
    public EventFilterFactory(TestKitBase testkit, ActorSystem system)
        : this(testkit, system, [])
    {
    }

    /// <summary>Beside filters made before.</summary>
    public EventFilterFactory(TestKitBase testkit, ActorSystem actorSystem, IReadOnlyList<EventFilterBase> filters)
    {
        _kit = testkit;
        _system = actorSystem;
        _filters = filters;
    }

    private EventFilterApplier Filter(string description, Predicate<LogEvent> predicate) =>
        new(_kit, _system, [.. _filters, new PredicateFilter(description, predicate)]);

    private static bool Text(string text, string message, string start, string contains) =>
        message is not null ? text == message
        : start is not null ? text.StartsWith(start, StringComparison.Ordinal)
        : contains is null || text.Contains(contains, StringComparison.Ordinal);

    private static bool Source(LogEvent e, string source) =>
        source is null || e.LogSource == source || (e.LogSource is { } from && from.StartsWith("[akka://", StringComparison.Ordinal) && from.TrimStart('[').StartsWith(source, StringComparison.Ordinal)) || (source.StartsWith('/') && e.LogSource is { } path && path.EndsWith(source, StringComparison.Ordinal));

    private EventFilterApplier Level<T>(string message, string start, string contains, string source)
        where T : LogEvent => Filter($"{typeof(T).Name}({message ?? start ?? contains ?? "*"})", e => e is T && Source(e, source) && Text(e.Message?.ToString() ?? "", message, start, contains));

    private EventFilterApplier Level<T>(Regex pattern, string source)
        where T : LogEvent => Filter($"{typeof(T).Name}({pattern})", e => e is T && Source(e, source) && pattern.IsMatch(e.Message?.ToString() ?? ""));

    /// <summary>Errors.</summary>
    public IEventFilterApplier Error(string message = null, string start = null, string contains = null, string source = null) => Level<Error>(message, start, contains, source);

    /// <summary>Errors.</summary>
    public IEventFilterApplier Error(Regex pattern, string source = null) => Level<Error>(pattern, source);

    /// <summary>Warnings.</summary>
    public IEventFilterApplier Warning(string message = null, string start = null, string contains = null, string source = null) => Level<Warning>(message, start, contains, source);

    /// <summary>Warnings.</summary>
    public IEventFilterApplier Warning(Regex pattern, string source = null) => Level<Warning>(pattern, source);

    /// <summary>Infos.</summary>
    public IEventFilterApplier Info(string message = null, string start = null, string contains = null, string source = null) => Level<Info>(message, start, contains, source);

    /// <summary>Infos.</summary>
    public IEventFilterApplier Info(Regex pattern, string source = null) => Level<Info>(pattern, source);

    /// <summary>Debugs.</summary>
    public IEventFilterApplier Debug(string message = null, string start = null, string contains = null, string source = null) => Level<Debug>(message, start, contains, source);

    /// <summary>Debugs.</summary>
    public IEventFilterApplier Debug(Regex pattern, string source = null) => Level<Debug>(pattern, source);

    /// <summary>Errors with an exception of a type.</summary>
    public IEventFilterApplier Exception<TException>(string message = null, string start = null, string contains = null, string source = null)
        where TException : Exception => Exception(typeof(TException), message, start, contains, source);

    /// <summary>Errors with an exception of a type.</summary>
    public IEventFilterApplier Exception<TException>(Regex pattern, string source = null)
        where TException : Exception => Filter(
            $"{typeof(TException).Name}({pattern})",
            e => e is Error && Caused(e.Cause, typeof(TException), inner: false) && Source(e, source) && (pattern.IsMatch(e.Message?.ToString() ?? "") || pattern.IsMatch(e.Cause.Message)));

    /// <summary>Errors with an exception of a type.</summary>
    public IEventFilterApplier Exception(Type exceptionType, string message = null, string start = null, string contains = null, string source = null, bool checkInnerExceptions = false) => Filter(
        $"{exceptionType.Name}({message ?? start ?? contains ?? "*"})",
        e => e is Error && Caused(e.Cause, exceptionType, checkInnerExceptions) && Source(e, source)
            && (Text(e.Message?.ToString() ?? "", message, start, contains) || Text(e.Cause.Message, message, start, contains)));

    private static bool Caused(Exception cause, Type type, bool inner)
    {
        for (var e = cause; e is not null; e = e.InnerException)
        {
            if (type.IsInstanceOfType(e)) return true;
            if (!inner) return false;
        }

        return false;
    }

    /// <summary>Dead letters.</summary>
    public IEventFilterApplier DeadLetter() => Filter("DeadLetter", static e => e.Message is DeadLetter);

    /// <summary>Dead letters with a message of a type.</summary>
    public IEventFilterApplier DeadLetter<TMessage>(string source = null) => DeadLetter(typeof(TMessage), source);

    /// <summary>Dead letters with a message of a type that matches.</summary>
    public IEventFilterApplier DeadLetter<TMessage>(Func<TMessage, bool> isMatch, string source = null) =>
        Filter($"DeadLetter<{typeof(TMessage).Name}>", e => e.Message is DeadLetter { Message: TMessage message } && isMatch(message) && Source(e, source));

    /// <summary>Dead letters with a message of a type.</summary>
    public IEventFilterApplier DeadLetter(Type type, string source = null) =>
        Filter($"DeadLetter<{type.Name}>", e => e.Message is DeadLetter letter && type.IsInstanceOfType(letter.Message) && Source(e, source));

    /// <summary>By a predicate.</summary>
    public IEventFilterApplier Custom(Predicate<LogEvent> predicate) => Filter("Custom", predicate);

    /// <summary>Of a class, by a predicate.</summary>
    public IEventFilterApplier Custom<TLogEvent>(Predicate<TLogEvent> predicate)
        where TLogEvent : LogEvent => Filter("Custom", e => e is TLogEvent typed && predicate(typed));
}

internal sealed class EventFilterApplier(TestKitBase kit, ActorSystem system, IReadOnlyList<EventFilterBase> filters) : IEventFilterApplier
{
    public EventFilterFactory And => new(kit, system, filters);

    public void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default) =>
        Run(expectedCount, null, Sync(action), cancellationToken).GetAwaiter().GetResult();

    public void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        Run(expectedCount, timeout, Sync(action), cancellationToken).GetAwaiter().GetResult();

    public Task ExpectAsync(int expectedCount, Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        Run(expectedCount, null, actionAsync, cancellationToken);

    public Task ExpectAsync(int expectedCount, TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default) =>
        Run(expectedCount, timeout, action, cancellationToken);

    public void ExpectOne(Action action, CancellationToken cancellationToken = default) => Expect(1, action, cancellationToken);

    public void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default) => Expect(1, timeout, action, cancellationToken);

    public Task ExpectOneAsync(Func<Task> actionAsync, CancellationToken cancellationToken = default) => ExpectAsync(1, actionAsync, cancellationToken);

    public Task ExpectOneAsync(TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default) => ExpectAsync(1, timeout, action, cancellationToken);

    public void Mute(Action action, CancellationToken cancellationToken = default)
    {
        using (Mute()) action();
    }

    public IUnmutableFilter Mute()
    {
        system.EventStream.Publish(new MuteFilters(filters));
        return new Unmutable(system, filters);
    }

    private static Func<Task> Sync(Action action) => () =>
    {
        action();
        return Task.CompletedTask;
    };

    private async Task Run(int expected, TimeSpan? timeout, Func<Task> action, CancellationToken cancellationToken)
    {
        var matched = 0;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Count(EventFilterBase filter, LogEvent logEvent)
        {
            if (Interlocked.Increment(ref matched) == expected) enough.TrySetResult();
        }

        foreach (var filter in filters) filter.EventMatched += Count;
        system.EventStream.Publish(new MuteFilters(filters));
        try
        {
            await action().ConfigureAwait(false);
            var limit = timeout is { } given ? kit.Dilated(given) : kit.TestKitSettings.TestEventFilterLeeway;
            if (expected > 0) await Task.WhenAny(enough.Task, Task.Delay(limit, cancellationToken)).ConfigureAwait(false);
            else await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(250, limit.TotalMilliseconds)), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            system.EventStream.Publish(new UnmuteFilters(filters));
            foreach (var filter in filters) filter.EventMatched -= Count;
        }

        var got = Volatile.Read(ref matched);
        kit.Assertions.AssertTrue(got == expected, "Expected {0} events to match the filters [{1}], but {2} did", expected, string.Join(", ", filters), got);
    }

    private sealed class Unmutable(ActorSystem system, IReadOnlyList<EventFilterBase> filters) : IUnmutableFilter
    {
        public void Unmute() => system.EventStream.Publish(new UnmuteFilters(filters));

        public void Dispose() => Unmute();
    }
}

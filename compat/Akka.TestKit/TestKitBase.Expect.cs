using Akka.Actor;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    private async ValueTask<T> Expect<T>(TimeSpan? timeout, Action<T> check, Action<IActorRef> checkSender, string hint, CancellationToken cancellationToken, Action<T, IActorRef> checkBoth = null)
    {
        var limit = RemainingOrDilated(timeout);
        var start = Now;
        var envelope = await Take(limit, cancellationToken).ConfigureAwait(false);
        var suffix = string.IsNullOrEmpty(hint) ? "" : ", hint: " + hint;
        if (envelope is null)
        {
            _assertions.Fail("Failed: Timeout {0} while waiting for a message of type {1} {2}", Now - start < limit ? limit : Now - start, typeof(T), suffix);
            return default;
        }

        if (envelope.Message is not T typed)
        {
            _assertions.Fail("Failed: Expected a message of type {0}, but received {{{2}}} (type {1}) instead {3} from {4}", typeof(T), envelope.Message.GetType(), envelope.Message, suffix, envelope.Sender);
            return default;
        }

        checkSender?.Invoke(envelope.Sender);
        check?.Invoke(typed);
        checkBoth?.Invoke(typed, envelope.Sender);
        return typed;
    }

    private Action<T> Matches<T>(Predicate<T> isMessage, string hint) => message =>
        _assertions.AssertTrue(isMessage(message), "Got a message of the expected type <{2}>. Also expected {0} but the message {{{1}}} of type <{3}> did not match", string.IsNullOrEmpty(hint) ? "the predicate to return true" : hint, message, typeof(T), message?.GetType());

    private Action<T> Is<T>(T expected) => message => _assertions.AssertEqual(expected, message);

    private Action<IActorRef> IsFrom(IActorRef expected, string hint) => sender =>
        _assertions.AssertEqual(expected, sender, string.IsNullOrEmpty(hint) ? "" : "hint: " + hint);

    /// <summary>A message of a type.</summary>
    public T ExpectMsg<T>(TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(Expect<T>(duration, null, null, hint, cancellationToken));

    /// <summary>A message equal to this.</summary>
    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(Expect(timeout, Is(message), null, hint, cancellationToken));

    /// <summary>A message that matches.</summary>
    public T ExpectMsg<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(Expect(timeout, Matches(isMessage, hint), null, hint, cancellationToken));

    /// <summary>A message that passes.</summary>
    public T ExpectMsg<T>(Action<T> assert, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(Expect(timeout, assert, null, hint, cancellationToken));

    /// <summary>A message that matches, with its sender.</summary>
    public T ExpectMsg<T>(Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(isMessageAndSender, timeout, hint, cancellationToken));

    /// <summary>A message that passes, with its sender.</summary>
    public T ExpectMsg<T>(Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(assertMessageAndSender, timeout, hint, cancellationToken));

    /// <summary>A message equal to this by a comparer.</summary>
    public T ExpectMsg<T>(T expected, Func<T, T, bool> comparer, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(expected, comparer, timeout, hint, cancellationToken));

    /// <summary>A message of a type.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(duration, null, null, hint, cancellationToken);

    /// <summary>A message equal to this.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect(timeout, Is(message), null, hint, cancellationToken);

    /// <summary>A message that matches.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect(timeout, Matches(isMessage, hint), null, hint, cancellationToken);

    /// <summary>A message that passes.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Action<T> assert, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect(timeout, assert, null, hint, cancellationToken);

    /// <summary>A message that matches, with its sender.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, null, null, hint, cancellationToken, (message, sender) => Matches<T>(m => isMessageAndSender(m, sender), hint)(message));

    /// <summary>A message that passes, with its sender.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect(timeout, null, null, hint, cancellationToken, assertMessageAndSender);

    /// <summary>A message equal to this by a comparer.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(T expected, Func<T, T, bool> comparer, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, message => _assertions.AssertEqual(expected, message, comparer), null, hint, cancellationToken);

    /// <summary>A message of a type from an actor.</summary>
    public T ExpectMsgFrom<T>(IActorRef sender, TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(Expect<T>(duration, null, IsFrom(sender, hint), hint, cancellationToken));

    /// <summary>A message equal to this from an actor.</summary>
    public T ExpectMsgFrom<T>(IActorRef sender, T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(Expect(timeout, Is(message), IsFrom(sender, hint), hint, cancellationToken));

    /// <summary>A message that matches from an actor.</summary>
    public T ExpectMsgFrom<T>(IActorRef sender, Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(Expect(timeout, Matches(isMessage, hint), IsFrom(sender, hint), hint, cancellationToken));

    /// <summary>A message of a type from an actor.</summary>
    public ValueTask<T> ExpectMsgFromAsync<T>(IActorRef sender, TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(duration, null, IsFrom(sender, hint), hint, cancellationToken);

    /// <summary>A message equal to this from an actor.</summary>
    public ValueTask<T> ExpectMsgFromAsync<T>(IActorRef sender, T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect(timeout, Is(message), IsFrom(sender, hint), hint, cancellationToken);

    /// <summary>The end of a watched actor.</summary>
    public Terminated ExpectTerminated(IActorRef target, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectTerminatedAsync(target, timeout, hint, cancellationToken));

    /// <summary>The end of a watched actor.</summary>
    public ValueTask<Terminated> ExpectTerminatedAsync(IActorRef target, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<Terminated>(timeout, terminated => _assertions.AssertEqual(target, terminated.ActorRef, "Terminated"), null, hint, cancellationToken);

    /// <summary>A message equal to one of these.</summary>
    public T ExpectMsgAnyOf<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default) => Wait(ExpectMsgAnyOfAsync(messages, cancellationToken));

    /// <summary>A message equal to one of these.</summary>
    public async ValueTask<T> ExpectMsgAnyOfAsync<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default)
    {
        var expected = messages.ToArray();
        var got = await Expect<T>(null, null, null, null, cancellationToken).ConfigureAwait(false);
        _assertions.AssertTrue(expected.Contains(got), "Expected one of [{0}], got {1}", string.Join(", ", expected), got);
        return got;
    }

    /// <summary>Messages equal to all of these, in any order, and no others.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(params T[] messages) => ExpectMsgAllOf((IReadOnlyCollection<T>)messages);

    /// <summary>Messages equal to all of these, in any order, and no others.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) => AllOf(RemainingOrDefault, messages, cancellationToken);

    /// <summary>Messages equal to all of these, in any order, and no others.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, params T[] messages) => AllOf(Dilated(max), messages, CancellationToken.None);

    /// <summary>Messages equal to all of these, in any order, and no others.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) => AllOf(Dilated(max), messages, cancellationToken);

    private List<T> AllOf<T>(TimeSpan max, IReadOnlyCollection<T> expected, CancellationToken cancellationToken)
    {
        var got = Wait(Receive(expected.Count, max, cancellationToken));
        var missing = new List<T>(expected);
        var unexpected = new List<object>();
        foreach (var message in got)
            if (message is not T typed || !missing.Remove(typed)) unexpected.Add(message);
        _assertions.AssertTrue(missing.Count == 0 && unexpected.Count == 0, "not found [{0}], found unexpected [{1}]", string.Join(", ", missing), string.Join(", ", unexpected));
        return [.. got.OfType<T>()];
    }

    /// <summary>No message, for the default time.</summary>
    public void ExpectNoMsg(CancellationToken cancellationToken = default) => ExpectNone(RemainingOrDefault, cancellationToken).GetAwaiter().GetResult();

    /// <summary>No message for a time.</summary>
    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default) => ExpectNone(Dilated(duration), cancellationToken).GetAwaiter().GetResult();

    /// <summary>No message for milliseconds.</summary>
    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) => ExpectNoMsg(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    /// <summary>No message, for the default time.</summary>
    public ValueTask ExpectNoMsgAsync(CancellationToken cancellationToken = default) => new(ExpectNone(RemainingOrDefault, cancellationToken));

    /// <summary>No message for a time.</summary>
    public ValueTask ExpectNoMsgAsync(TimeSpan duration, CancellationToken cancellationToken = default) => new(ExpectNone(Dilated(duration), cancellationToken));

    /// <summary>No message for milliseconds.</summary>
    public ValueTask ExpectNoMsgAsync(int milliseconds, CancellationToken cancellationToken = default) => ExpectNoMsgAsync(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    private async Task ExpectNone(TimeSpan duration, CancellationToken cancellationToken)
    {
        var envelope = await Take(duration, cancellationToken).ConfigureAwait(false);
        _lastWasNoMsg = true;
        if (envelope is not null) _assertions.Fail("Failed: Expected no messages during {0}, instead we received {1}", duration, envelope);
    }
}

using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    private async ValueTask<MessageEnvelope> Take(TimeSpan? max, CancellationToken cancellationToken)
    {
        var limit = RemainingOr(max is { } given ? given : Dilated(_settings.SingleExpectDefault));
        if (max is { } asked && asked != Timeout.InfiniteTimeSpan && _end is not null && asked < limit) limit = asked;
        if (max == Timeout.InfiniteTimeSpan && _end is null) limit = Timeout.InfiniteTimeSpan;
        if (!_queue.Reader.TryRead(out var envelope) && limit != TimeSpan.Zero)
        {
            using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (limit != Timeout.InfiniteTimeSpan) timer.CancelAfter(limit);
            try
            {
                envelope = await _queue.Reader.ReadAsync(timer.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                envelope = null;
            }
        }

        if (envelope is null)
        {
            _lastMessage = NullMessageEnvelope.Instance;
            return null;
        }

        _lastWasNoMsg = false;
        _lastMessage = envelope;
        return envelope;
    }

    /// <summary>The next message, or null when there is none in time.</summary>
    public object ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) => Wait(Take(max, cancellationToken))?.Message;

    /// <summary>The next message, or null when there is none in time.</summary>
    public async ValueTask<object> ReceiveOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        (await Take(max, cancellationToken).ConfigureAwait(false))?.Message;

    /// <summary>The next message, if there is one in time.</summary>
    public bool TryReceiveOne(out MessageEnvelope envelope, TimeSpan? max = null, CancellationToken cancellationToken = default)
    {
        var got = Wait(Take(max, cancellationToken));
        envelope = got ?? NullMessageEnvelope.Instance;
        return got is not null;
    }

    /// <summary>The next message, if there is one in time.</summary>
    public async ValueTask<(bool success, MessageEnvelope envelope)> TryReceiveOneAsync(TimeSpan? max, CancellationToken cancellationToken = default)
    {
        var got = await Take(max, cancellationToken).ConfigureAwait(false);
        return (got is not null, got ?? NullMessageEnvelope.Instance);
    }

    // The sync forms block the test's thread, as in the package; nothing above uses the test's context.
    private static T Wait<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();

    /// <summary>So many messages.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        Wait(Receive(numberOfMessages, RemainingOrDefault, cancellationToken));

    /// <summary>So many messages within a time.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        Wait(Receive(numberOfMessages, Dilated(max), cancellationToken));

    /// <summary>So many messages.</summary>
    public async IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var message in await Receive(numberOfMessages, RemainingOrDefault, cancellationToken).ConfigureAwait(false)) yield return message;
    }

    /// <summary>So many messages within a time.</summary>
    public async IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, TimeSpan max, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var message in await Receive(numberOfMessages, Dilated(max), cancellationToken).ConfigureAwait(false)) yield return message;
    }

    private async ValueTask<IReadOnlyList<object>> Receive(int count, TimeSpan max, CancellationToken cancellationToken)
    {
        var stop = Now + max;
        var messages = new List<object>(count);
        while (messages.Count < count)
        {
            var envelope = await Take(Floor(stop - Now), cancellationToken).ConfigureAwait(false);
            if (envelope is null) _assertions.Fail("Timeout ({0}) while expecting {1} messages. Only got {2} after {3}.", max, count, messages.Count, max);
            else messages.Add(envelope.Message);
        }

        return messages;
    }

    /// <summary>Skips messages until one matches.</summary>
    public object FishForMessage(Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage<object>(isMessage, max, hint, cancellationToken);

    /// <summary>Skips messages until one of the type matches.</summary>
    public T FishForMessage<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        Wait(FishForMessageAsync(isMessage, max, hint, cancellationToken));

    /// <summary>Skips messages until one matches.</summary>
    public ValueTask<object> FishForMessageAsync(Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessageAsync<object>(isMessage, max, hint, cancellationToken);

    /// <summary>Skips messages until one of the type matches.</summary>
    public async ValueTask<T> FishForMessageAsync<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default)
    {
        var limit = RemainingOrDilated(max);
        var stop = Now + limit;
        while (true)
        {
            var envelope = await Take(Floor(stop - Now), cancellationToken).ConfigureAwait(false);
            if (envelope is null)
            {
                _assertions.Fail("Timeout ({0}) during fishForMessage{1}", limit, string.IsNullOrEmpty(hint) ? "" : ", hint: " + hint);
                return default;
            }

            if (envelope.Message is T typed && isMessage(typed)) return typed;
        }
    }

    /// <summary>Skips messages until one of the type.</summary>
    public async Task FishUntilMessageAsync<T>(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        await FishForMessageAsync<T>(static _ => true, max, "", cancellationToken).ConfigureAwait(false);

    /// <summary>Messages for as long as the filter gives something.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(TimeSpan? max, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhile(filter, max, null, msgs, cancellationToken);

    /// <summary>Messages for as long as the filter gives something.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(TimeSpan? max, TimeSpan? idle, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhile(filter, max, idle, msgs, cancellationToken);

    /// <summary>Messages for as long as the filter gives something.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(Func<object, T> filter, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class
    {
        var stop = Now + RemainingOrDilated(max);
        var messages = new List<T>();
        while (messages.Count < msgs)
        {
            var wait = Floor(stop - Now);
            if (idle is { } quiet && quiet < wait) wait = quiet;
            if (!TryPeek(wait, cancellationToken, out var next) || filter(next.Message) is not { } kept) break;
            Wait(Take(TimeSpan.Zero, cancellationToken));
            messages.Add(kept);
        }

        _lastWasNoMsg = true;
        return messages;
    }

    /// <summary>Messages of a type for as long as the predicate holds; others are skipped or end it.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(Predicate<T> shouldContinue, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, bool shouldIgnoreOtherMessageTypes = true, CancellationToken cancellationToken = default)
        where T : class
    {
        var stop = Now + RemainingOrDilated(max);
        var messages = new List<T>();
        while (messages.Count < msgs)
        {
            var wait = Floor(stop - Now);
            if (idle is { } quiet && quiet < wait) wait = quiet;
            if (!TryPeek(wait, cancellationToken, out var next)) break;
            if (next.Message is T typed)
            {
                if (!shouldContinue(typed)) break;
                messages.Add(typed);
            }
            else if (!shouldIgnoreOtherMessageTypes)
            {
                break;
            }

            Wait(Take(TimeSpan.Zero, cancellationToken));
        }

        _lastWasNoMsg = true;
        return messages;
    }

    private bool TryPeek(TimeSpan wait, CancellationToken cancellationToken, out MessageEnvelope envelope)
    {
        if (_queue.Reader.TryPeek(out envelope)) return true;
        if (wait == TimeSpan.Zero) return false;
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(wait);
        try
        {
            Wait(_queue.Reader.WaitToReadAsync(timer.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        return _queue.Reader.TryPeek(out envelope);
    }
}

using Google.Protobuf;
using Kv.Actors.Protos.Internal;

namespace Kv.Actors.Model;

/// <summary>The one way into the log: a request to replicate, and the promise of what applying it answers.</summary>
/// <remarks>
/// The gateway, the lessor and extensions make one, hand it to the Raft actor and wait for the promise. Completing it runs
/// the waiter's continuation on the completing thread: whoever completes many does so away from an actor's turn.
/// </remarks>
public abstract class Proposal
{
    private byte[]? _bytes;

    private protected Proposal(InternalRaftRequest request, MonotonicTime since)
    {
        Request = request;
        Since = since;
    }

    /// <summary>When it was made: it is failed once it has waited for the request timeout.</summary>
    public MonotonicTime Since { get; }

    /// <summary>Only a leader of this term may take it in; 0 when any may. What a leader proposes of its own accord must not outlive it.</summary>
    public ulong Term { get; init; }

    /// <summary>The decoded request; applying on this member uses it as it is.</summary>
    public InternalRaftRequest Request { get; }

    /// <summary>Finds this proposal when its entry is applied.</summary>
    public RequestId Id => new(Request.Header.Id);

    /// <summary>The request's wire bytes, made once: what the log keeps.</summary>
    public virtual byte[] Bytes => _bytes ??= Request.ToByteArray();

    /// <summary>What applying answered, set by the store before <see cref="Complete"/>.</summary>
    public KvError Error { get; private set; }

    /// <summary>The response message, set when <see cref="Error"/> is none.</summary>
    public IMessage? Response { get; private set; }

    /// <summary>Keeps the answer until <see cref="Complete"/> hands it over; called once, by the store.</summary>
    public void Answer(IMessage? response, KvError error)
    {
        Response = response;
        Error = error;
    }

    /// <summary>Hands the kept answer to the waiter. Does nothing when the waiter was already failed.</summary>
    public abstract void Complete();

    /// <summary>Fails the waiter at once, for example because the proposal was dropped. False when it is done already.</summary>
    public abstract bool Fail(KvError error);
}

/// <summary>A proposal whose waiter gets a response of one type.</summary>
/// <typeparam name="TResponse">The API's response message.</typeparam>
public sealed class Proposal<TResponse> : Proposal
    where TResponse : class, IMessage
{
    private readonly TaskCompletionSource<Outcome<TResponse>> _promise = new();

    /// <summary>A proposal that waits for its answer.</summary>
    public Proposal(InternalRaftRequest request, MonotonicTime since)
        : base(request, since)
    {
    }

    /// <summary>Ends when the entry is applied here, or is known not to be.</summary>
    public Task<Outcome<TResponse>> Answered => _promise.Task;

    /// <inheritdoc/>
    public override void Complete() =>
        _promise.TrySetResult(Error == KvError.None ? (TResponse)Response! : Error);

    /// <inheritdoc/>
    public override bool Fail(KvError error) => _promise.TrySetResult(error);
}

using System.Collections.Concurrent;
using Kv.Actors.Model;

namespace Kv.Actors.Peers;

/// <summary>What this member does when another asks for it, by kind of call. Thread-safe.</summary>
public sealed class PeerServices
{
    private readonly ConcurrentDictionary<PeerCall, Func<ReadOnlyMemory<byte>, Task<PeerReply>>> _handlers = new();

    /// <summary>From here on a kind of call is answered by <paramref name="handler"/>, which must not throw.</summary>
    public void Serve(PeerCall call, Func<ReadOnlyMemory<byte>, Task<PeerReply>> handler) => _handlers[call] = handler;

    /// <summary>Carries a call out; what nobody serves is <see cref="KvError.NotCapable"/>.</summary>
    public Task<PeerReply> AnswerAsync(PeerCall call, ReadOnlyMemory<byte> body) =>
        _handlers.TryGetValue(call, out var handler) ? handler(body) : Task.FromResult(new PeerReply(KvError.NotCapable, default));
}

using Akka.Actor;
using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Actors.Peers;

/// <summary>Requests to other members that wait for their answers, and those of others that are being answered here.</summary>
/// <remarks>
/// A request to "the leader" finds it, whoever it is, until its time is up, as etcd's members do: asked again when the leader has
/// changed, or says that it does not lead. One whose repetition could do harm is never sent twice.
/// </remarks>
public sealed class PeerCallsActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(1);

    private readonly PeersSetup _setup;
    private readonly Dictionary<ulong, Waiting> _waiting = [];
    private ulong _lastId;
    private int _serving;

    /// <summary>Starts without any.</summary>
    public PeerCallsActor(PeersSetup setup)
    {
        (_setup, _lastId) = (setup, setup.Forwards.Run.Before);    // a late answer to the run before answers nothing here
        Receive<PeerCommand.Call>(Begin);
        Receive<PeerCommand.Look>(_ => Look());
        Receive<PeerMessage.Answer>(answer => End(answer.Id, answer.From, new PeerReply(answer.Error, answer.Body)));
        Receive<PeerMessage.Ask>(Serve);
        Receive<Served>(ServedOther);
        Receive<ServedSelf>(served => End(served.Id, _setup.Status.Self, served.Reply));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private MonotonicTime Now => MonotonicTime.Of(_setup.Clock);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (var waiting in _waiting.Values)
        {
            waiting.Call.Reply.TrySetResult(new PeerReply(KvError.Stopped, default));
        }
        base.PostStop();
    }

    private void Begin(PeerCommand.Call call)
    {
        if (_waiting.Count >= _setup.Limits.MaxCalls)
        {
            call.Reply.TrySetResult(new PeerReply(KvError.RequestTooManyRequests, default));
            return;
        }
        var waiting = new Waiting(++_lastId, call, Now);
        _waiting.Add(waiting.Id, waiting);
        Try(waiting);
        if (!Timers.IsTimerActive(PeerCommand.Look.Instance))
        {
            Timers.StartPeriodicTimer(PeerCommand.Look.Instance, PeerCommand.Look.Instance, LookInterval);
        }
    }

    /// <summary>Sends a request if there is somebody to send it to who has not got it yet, or may not have.</summary>
    private void Try(Waiting waiting)
    {
        var now = Now;
        var to = waiting.Call.To.Value != 0 ? waiting.Call.To : new NodeId(_setup.Status.Raft.Leader);
        if (to.Value == 0)
        {
            return;
        }
        if (waiting.Asked.Value != 0)
        {
            if (!MayRepeat(waiting.Call.Kind) || (to == waiting.Asked && now.Since(waiting.AskedAt) < RepeatAfter))
            {
                return;
            }
            if (to != waiting.Asked && waiting.Call.Kind == PeerCall.TimeToLive)
            {
                End(waiting.Id, waiting.Asked, new PeerReply(KvError.LeaderChanged, default));
                return;
            }
        }
        (waiting.Asked, waiting.AskedAt) = (to, now);
        if (to == _setup.Status.Self)
        {
            var id = waiting.Id;
            _setup.Services.AnswerAsync(waiting.Call.Kind, waiting.Call.Body).PipeTo(
                Self, success: reply => new ServedSelf(id, reply), failure: _ => new ServedSelf(id, new PeerReply(KvError.Stopped, default)));
            return;
        }
        Context.Parent.Tell(new PeerCommand.Send(to, new PeerMessage.Ask(waiting.Id, waiting.Call.Kind, waiting.Call.Body)));
    }

    private void End(ulong id, NodeId from, PeerReply reply)
    {
        if (!_waiting.TryGetValue(id, out var waiting))
        {
            return;
        }
        if (waiting.Call.To.Value == 0 && reply.Error is KvError.NotLeader or KvError.NoLeader or KvError.NotPrimaryLessor && from == waiting.Asked)
        {
            waiting.Asked = default;                           // it was not carried out: at the next look whoever leads then is asked
            return;
        }
        _waiting.Remove(id);
        waiting.Call.Reply.TrySetResult(reply);
    }

    private void Look()
    {
        var now = Now;
        foreach (var waiting in _waiting.Values.ToArray())
        {
            if (now.Since(waiting.Since) >= _setup.Limits.CallTimeout || waiting.Call.Reply.Task.IsCompleted)
            {
                _waiting.Remove(waiting.Id);
                waiting.Call.Reply.TrySetResult(new PeerReply(_setup.Status.Raft.HasLeader ? KvError.Timeout : KvError.NoLeader, default));
                continue;
            }
            Try(waiting);
        }
        if (_waiting.Count == 0)
        {
            Timers.Cancel(PeerCommand.Look.Instance);
        }
    }

    private void Serve(PeerMessage.Ask ask)
    {
        if (_serving >= _setup.Limits.MaxCalls)
        {
            Reply(ask.From, ask.Id, new PeerReply(KvError.RequestTooManyRequests, default));
            return;
        }
        _serving++;
        _setup.Services.AnswerAsync(ask.Call, ask.Body).PipeTo(
            Self,
            success: reply => new Served(ask.From, ask.Id, reply),
            failure: _ => new Served(ask.From, ask.Id, new PeerReply(KvError.Stopped, default)));
    }

    private void ServedOther(Served served)
    {
        _serving--;
        Reply(served.For, served.Id, served.Reply);
    }

    private static void Reply(NodeId to, ulong id, PeerReply reply) =>
        Context.Parent.Tell(new PeerCommand.Send(to, new PeerMessage.Answer(id, reply.Error, reply.Body)));

    private static bool MayRepeat(PeerCall call) => call is PeerCall.KeepAlive or PeerCall.TimeToLive or PeerCall.HashKv or PeerCall.Status;

    private sealed class Waiting(ulong id, PeerCommand.Call call, MonotonicTime since)
    {
        public ulong Id { get; } = id;

        public PeerCommand.Call Call { get; } = call;

        public MonotonicTime Since { get; } = since;

        public NodeId Asked { get; set; }

        public MonotonicTime AskedAt { get; set; }
    }

    private sealed record Served(NodeId For, ulong Id, PeerReply Reply);

    private sealed record ServedSelf(ulong Id, PeerReply Reply);
}

using Akka.Actor;
using Akka.Event;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;

namespace Kv.Actors.Node;

/// <summary>Gives <see cref="AutoCompactor"/> the time and the revision, and proposes what it answers.</summary>
internal sealed class AutoCompactActor : ReceiveActor, IWithTimers
{
    private readonly AutoCompactor _compactor;
    private readonly Proposer _proposer;
    private readonly NodeStatus _status;
    private readonly RootHolder _roots;
    private readonly TimeProvider _clock;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>Begins to look at once.</summary>
    public AutoCompactActor(KvSettings settings, Proposer proposer, NodeStatus status, RootHolder roots, TimeProvider clock)
    {
        (_proposer, _status, _roots, _clock) = (proposer, status, roots, clock);
        var now = MonotonicTime.Of(clock);
        _compactor = settings.AutoCompactionRevisions > 0
            ? AutoCompactor.Revisions(settings.AutoCompactionRevisions, now)
            : AutoCompactor.Periodic(settings.AutoCompactionPeriod, now);
        Receive<Look>(_ => LookNow());
        Receive<Compacted>(Done);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        LookNow();
    }

    private void LookNow()
    {
        if (_status.Raft.IsLeader)
        {
            _compactor.Resume();
        }
        else
        {
            _compactor.Pause();
        }
        var now = MonotonicTime.Of(_clock);
        if (_compactor.Look(now, _roots.Current.Kv.CurrentRevision) is { } revision)
        {
            _log.Info("starting auto {0} compaction: revision {1}", _compactor.Mode, revision);
            _proposer.ProposeAsync<CompactionResponse>(new InternalRaftRequest { Compaction = new CompactionRequest { Revision = revision } })
                .PipeTo(Self, success: outcome => new Compacted(revision, outcome.Error), failure: _ => new Compacted(revision, KvError.Stopped));
        }
        var wait = _compactor.NextLook.Since(MonotonicTime.Of(_clock));
        Timers.StartSingleTimer(Look.Instance, Look.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1));
    }

    private void Done(Compacted compacted)
    {
        if (compacted.Error is KvError.None or KvError.Compacted)
        {
            _compactor.Succeeded(compacted.Revision);
            _log.Info("completed auto {0} compaction: revision {1}", _compactor.Mode, compacted.Revision);
            return;
        }
        _log.Warning("failed auto {0} compaction: revision {1}: {2}", _compactor.Mode, compacted.Revision, compacted.Error);
    }

    private sealed record Look
    {
        public static readonly Look Instance = new();
    }

    private sealed record Compacted(long Revision, KvError Error);
}

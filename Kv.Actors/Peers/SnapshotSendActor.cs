using System.Buffers.Binary;
using Akka.Actor;
using Akka.Event;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Persistence.Checkpoint;
using Kv.Persistence.Io;

namespace Kv.Actors.Peers;

/// <summary>Sends snapshots to members that lag beyond the log: writes the published state to a file, and what is written of that in pieces
/// to whoever needs it.</summary>
/// <remarks>
/// The file is written in the background from an immutable root, so that writes go on; one file serves all that need one at the
/// time. While it is on its way the log after it is kept, so that it need not be followed by a second one. Raft is always told
/// how it ended: until then it sends the member nothing else.
/// </remarks>
public sealed class SnapshotSendActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan OfferAgain = TimeSpan.FromSeconds(1);

    private readonly PeersSetup _setup;
    private readonly Dictionary<ulong, Sending> _sendings = [];
    private readonly Dictionary<ulong, RaftMessage.InstallSnapshot> _wanting = [];
    private readonly List<Image> _images = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly RunNumber _run;
    private uint _written;
    private bool _opening;
    private ulong _held;

    /// <summary>Starts with nothing to send.</summary>
    public SnapshotSendActor(PeersSetup setup)
    {
        _setup = setup;
        _run = RunNumber.Of(setup.Clock);
        Receive<RaftMessage.InstallSnapshot>(Begin);
        Receive<ImageOpened>(opened => ImageOpens(opened.Image, opened.Root));
        Receive<Status.Failure>(failed => ImageNotOpened(failed.Cause));
        ReceiveAsync<ImageGrew>(grew => ImageGrewAsync(grew.Image));
        ReceiveAsync<ImageEnded>(ended => ImageEndedAsync(ended.Image, ended.Failure));
        ReceiveAsync<PeerMessage.SnapshotAck>(AcknowledgedAsync);
        Receive<PeerCommand.Look>(_ => Look());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private MonotonicTime Now => MonotonicTime.Of(_setup.Clock);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (var image in _images)
        {
            image.Content.Release();
        }
        base.PostStop();
    }

    private void Begin(RaftMessage.InstallSnapshot wanted)
    {
        if (!Timers.IsTimerActive(PeerCommand.Look.Instance))
        {
            Timers.StartPeriodicTimer(PeerCommand.Look.Instance, PeerCommand.Look.Instance, LookInterval);
        }
        if (_sendings.TryGetValue(wanted.To, out var sending))
        {
            if (sending.Image.Meta.Index >= wanted.Meta.Index)
            {
                sending.Term = wanted.Term;                    // the same leader in a later term: what is on its way will do
                Offer(sending);
                return;
            }
            Forget(sending);
        }
        var image = _images.FindLast(image => Serves(image.Meta, wanted));
        if (image is not null)
        {
            Begin(wanted, image);
            return;
        }
        _wanting[wanted.To] = wanted;
        WriteImage();
    }

    private static bool Serves(SnapshotMeta meta, RaftMessage.InstallSnapshot wanted) =>
        meta.Index >= wanted.Meta.Index && meta.ConfState.IsMember(wanted.To);

    /// <summary>One at a time: who wants another waits for its end.</summary>
    private void WriteImage()
    {
        if (_opening || _images.Exists(static image => !image.Content.Body.IsWhole))
        {
            return;
        }
        _opening = true;
        var root = _setup.Roots.Current;
        var meta = new SnapshotMeta(root.AppliedIndex, root.AppliedTerm, root.ConfState);
        var (disk, path) = (_setup.Shelf.Disk, $"{_setup.Shelf.Directory}/{SnapshotFile.NameOf(meta.Index, meta.Term)}"[..^SnapshotFile.Suffix.Length] + SnapshotFile.ImageSuffix);
        var id = IdOf(++_written);
        _setup.Workers.Run("snapshot open", () => new ImageOpened(new Image(id, meta, root.Kv.Stats.SizeBytes, SnapshotImage.Create(disk, path)), root), CancellationToken.None).PipeTo(Self);
    }

    /// <summary>No two images of any member, in any of its runs, have one id.</summary>
    private byte[] IdOf(uint image)
    {
        var id = new byte[20];
        BinaryPrimitives.WriteUInt64BigEndian(id, _setup.Status.Self.Value);
        BinaryPrimitives.WriteUInt64BigEndian(id.AsSpan(8), _run.Value);
        BinaryPrimitives.WriteUInt32BigEndian(id.AsSpan(16), image);
        return id;
    }

    private void ImageOpens(Image image, StoreRoot root)
    {
        _opening = false;
        image.FreeSince = Now;
        _images.Add(image);
        var self = Self;
        _setup.Workers.Run(
            "snapshot image",
            () =>
            {
                image.Content.Write(
                    writer => EtcdSchema.Write(root.Kv, RootImage.Of(root), new BoltBucketSink(writer)),
                    () =>
                    {
                        if (image.MayTell())
                        {
                            self.Tell(new ImageGrew(image), ActorRefs.NoSender);
                        }
                    });
                return new ImageEnded(image, null);
            },
            CancellationToken.None).PipeTo(self, failure: cause => new ImageEnded(image, cause));
        foreach (var (member, wanted) in _wanting.ToArray())
        {
            if (Serves(image.Meta, wanted))
            {
                _wanting.Remove(member);
                Begin(wanted, image);
            }
            else if (image.Meta.Index >= wanted.Meta.Index)
            {
                _wanting.Remove(member);                       // it was removed meanwhile
                Report(member, delivered: false);
            }
        }
        HoldLog();
    }

    private void ImageNotOpened(Exception cause)
    {
        _opening = false;
        LogFailure(cause);
        foreach (var member in _wanting.Keys.ToArray())
        {
            _wanting.Remove(member);
            _setup.Metrics.Peers.SnapshotSendFailures.With(new NodeId(member).ToString()).Add();
            Report(member, delivered: false);
        }
    }

    private async Task ImageGrewAsync(Image image)
    {
        image.Heard();                                         // before the look: what comes after it is told again
        foreach (var sending in SendingsOf(image))
        {
            sending.Transfer.Grow(image.Content.Body);
            await SendPiecesAsync(sending);
        }
    }

    private async Task ImageEndedAsync(Image image, Exception? failure)
    {
        if (failure is null)
        {
            await ImageGrewAsync(image);
        }
        else
        {
            LogFailure(failure);
            GiveUp(image, failure.Message);
        }
        if (_wanting.Count > 0)
        {
            WriteImage();
        }
    }

    private void LogFailure(Exception cause) => _log.Error(cause, "a snapshot to send could not be written, it is tried again when it is asked for: {0}", cause.Message);

    private Sending[] SendingsOf(Image image) => [.. _sendings.Values.Where(sending => sending.Image == image)];

    /// <summary>Nobody is served from it any more.</summary>
    private void GiveUp(Image image, string why)
    {
        if (_images.Contains(image))
        {
            Remove(image);
        }
        foreach (var sending in SendingsOf(image))
        {
            End(sending, delivered: false, why);
        }
    }

    private void Remove(Image image)
    {
        _images.Remove(image);
        image.Content.Release();
        _setup.Shelf.Disk.Delete(image.Content.Path);
    }

    private void Begin(RaftMessage.InstallSnapshot wanted, Image image)
    {
        var limits = _setup.Limits;
        var sending = new Sending(
            wanted.To, image, new SnapshotTransfer(limits.SnapshotChunkBytes, (long)limits.SnapshotChunkBytes * limits.SnapshotWindowChunks, Now))
        {
            Term = wanted.Term,
        };
        sending.Transfer.Grow(image.Content.Body);
        _sendings.Add(wanted.To, sending);
        image.Users++;
        _setup.Metrics.Peers.SnapshotSends.With(sending.Label).Set(1);
        _log.Info("sending database snapshot: snapshot-index {0} remote-peer-id {1}", image.Meta.Index, sending.Label);
        HoldLog();
        Offer(sending);
    }

    private void Offer(Sending sending)
    {
        sending.OfferedAt = Now;
        Send(sending, new PeerMessage.SnapshotOffer(sending.Image.Meta, sending.Term, sending.Image.Id, sending.Image.AboutBytes));
    }

    private async Task AcknowledgedAsync(PeerMessage.SnapshotAck ack)
    {
        if (!_sendings.TryGetValue(ack.From.Value, out var sending) || !ack.Id.Span.SequenceEqual(sending.Image.Id))
        {
            return;                                            // of one that was given up
        }
        switch (ack.State)
        {
            case SnapshotState.Wanted:
                sending.Transfer.Acknowledge(ack.Offset, Now);
                await SendPiecesAsync(sending);
                break;
            case SnapshotState.Stored:
                End(sending, delivered: true, "");
                break;
            default:
                End(sending, delivered: false, ack.Reason);
                break;
        }
    }

    private async Task SendPiecesAsync(Sending sending)
    {
        var (image, content) = (sending.Image, sending.Image.Content);
        try
        {
            while (_sendings.GetValueOrDefault(sending.Member) == sending && sending.Transfer.TryNext(out var offset, out var bytes))
            {
                var piece = bytes == 0
                    ? new PeerMessage.SnapshotChunk(image.Id, offset, content.Tail, IsTail: true)
                    : new PeerMessage.SnapshotChunk(image.Id, offset, await _setup.Workers.Run("snapshot piece", () => content.Read(offset, bytes), CancellationToken.None));
                Send(sending, piece);
            }
        }
        catch (IOException failure)
        {
            GiveUp(image, failure.Message);
        }
    }

    private static void Send(Sending sending, PeerMessage message) => Context.Parent.Tell(new PeerCommand.Send(new NodeId(sending.Member), message));

    private void End(Sending sending, bool delivered, string why)
    {
        Forget(sending);
        var took = Now.Since(sending.Transfer.Started);
        if (delivered)
        {
            _setup.Metrics.Peers.SnapshotSendSuccesses.With(sending.Label).Add();
            _setup.Metrics.Peers.SnapshotSendDuration.With(sending.Label).Record(took);
            _log.Info(
                "sent database snapshot: snapshot-index {0} remote-peer-id {1} bytes {2} took {3} ms",
                sending.Image.Meta.Index, sending.Label, sending.Image.Content.Body.Bytes + SnapshotFile.TailBytes, took.TotalMilliseconds);
        }
        else
        {
            _setup.Metrics.Peers.SnapshotSendFailures.With(sending.Label).Add();
            _log.Warning("failed to send database snapshot: snapshot-index {0} remote-peer-id {1}: {2}", sending.Image.Meta.Index, sending.Label, why);
        }
        Report(sending.Member, delivered);
    }

    private void Forget(Sending sending)
    {
        _sendings.Remove(sending.Member);
        sending.Image.Users--;
        sending.Image.FreeSince = Now;
        _setup.Metrics.Peers.SnapshotSends.With(sending.Label).Set(0);
    }

    private static void Report(ulong member, bool delivered) => Context.Parent.Tell(new RaftCommand.SnapshotReported(member, delivered));

    private void Look()
    {
        var now = Now;
        foreach (var sending in _sendings.Values.ToArray())
        {
            if (now.Since(sending.Transfer.ProgressAt) >= _setup.Limits.SnapshotTimeout)
            {
                End(sending, delivered: false, $"nothing arrived for {_setup.Limits.SnapshotTimeout}");
            }
            else if (now.Since(sending.Transfer.HeardAt) >= OfferAgain && now.Since(sending.OfferedAt) >= OfferAgain)
            {
                Offer(sending);                                // the answer says from where to go on
            }
        }
        // The newest file stays for a while: who lost contact goes on with it where it stopped.
        foreach (var image in _images.FindAll(image => image.Content.Body.IsWhole && image.Users == 0 && (image != _images[^1] || now.Since(image.FreeSince) >= _setup.Limits.SnapshotTimeout)))
        {
            Remove(image);
        }
        HoldLog();
        if (_images.Count == 0 && _sendings.Count == 0 && _wanting.Count == 0 && !_opening)
        {
            Timers.Cancel(PeerCommand.Look.Instance);
        }
    }

    /// <summary>The log after a snapshot that is sent, or was a moment ago, is to be kept.</summary>
    private void HoldLog()
    {
        var held = _images.Count == 0 ? 0 : _images.Min(static image => image.Meta.Index);
        if (held != _held)
        {
            _held = held;
            Context.Parent.Tell(new RaftCommand.HoldLog(held));
        }
    }

    /// <summary>An image can be written, of that state.</summary>
    private sealed record ImageOpened(Image Image, StoreRoot Root);

    /// <summary>More of an image can be sent.</summary>
    private sealed record ImageGrew(Image Image);

    /// <summary>An image is whole, or will not be.</summary>
    private sealed record ImageEnded(Image Image, Exception? Failure);

    /// <summary>A state that is written to be sent.</summary>
    private sealed class Image(byte[] id, SnapshotMeta meta, long aboutBytes, SnapshotImage content)
    {
        private int _told;

        public byte[] Id { get; } = id;

        public SnapshotMeta Meta { get; } = meta;

        public long AboutBytes { get; } = aboutBytes;

        public SnapshotImage Content { get; } = content;

        public int Users { get; set; }

        public MonotonicTime FreeSince { get; set; }

        /// <summary>Whether its writer is to tell that it grew: not while it was told and not heard yet, however fast it grows.</summary>
        public bool MayTell() => Interlocked.Exchange(ref _told, 1) == 0;

        /// <summary>Told, and heard.</summary>
        public void Heard() => Interlocked.Exchange(ref _told, 0);
    }

    private sealed class Sending(ulong member, Image image, SnapshotTransfer transfer)
    {
        public ulong Member { get; } = member;

        public string Label { get; } = new NodeId(member).ToString();

        public Image Image { get; } = image;

        public SnapshotTransfer Transfer { get; } = transfer;

        public ulong Term { get; set; }

        public MonotonicTime OfferedAt { get; set; }
    }
}

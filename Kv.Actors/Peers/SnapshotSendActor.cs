using Akka.Actor;
using Akka.Event;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Raft;
using Kv.Persistence.Checkpoint;
using Kv.Persistence.Io;

namespace Kv.Actors.Peers;

/// <summary>Sends snapshots to members that lag beyond the log: writes the published state to a file, and that in pieces to whoever needs it.</summary>
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
    private bool _writing;
    private ulong _held;

    /// <summary>Starts with nothing to send.</summary>
    public SnapshotSendActor(PeersSetup setup)
    {
        _setup = setup;
        Receive<RaftMessage.InstallSnapshot>(Begin);
        Receive<Image>(ImageWritten);
        Receive<Status.Failure>(failed => ImageFailed(failed.Cause));
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
            image.File.Dispose();
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

    private void WriteImage()
    {
        if (_writing)
        {
            return;
        }
        _writing = true;
        var root = _setup.Roots.Current;
        var meta = new SnapshotMeta(root.AppliedIndex, root.AppliedTerm, root.ConfState);
        var (disk, path) = (_setup.Shelf.Disk, $"{_setup.Shelf.Directory}/{SnapshotFile.NameOf(meta.Index, meta.Term)}"[..^SnapshotFile.Suffix.Length] + SnapshotFile.ImageSuffix);
        _setup.Workers.Run(
            "snapshot image",
            () =>
            {
                var (length, sha256) = SnapshotFile.Write(disk, path, writer => EtcdSchema.Write(root.Kv, RootImage.Of(root), new BoltBucketSink(writer)));
                return new Image(meta, path, length, sha256, disk.Open(path, DiskOpen.Read));
            },
            CancellationToken.None).PipeTo(Self);
    }

    private void ImageWritten(Image image)
    {
        _writing = false;
        image.FreeSince = Now;
        _images.Add(image);
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
        if (_wanting.Count > 0)
        {
            WriteImage();
        }
    }

    private void ImageFailed(Exception cause)
    {
        _writing = false;
        _log.Error(cause, "a snapshot to send could not be written, it is tried again when it is asked for: {0}", cause.Message);
        foreach (var member in _wanting.Keys.ToArray())
        {
            _wanting.Remove(member);
            _setup.Metrics.Peers.SnapshotSendFailures.With(new NodeId(member).ToString()).Add();
            Report(member, delivered: false);
        }
    }

    private void Begin(RaftMessage.InstallSnapshot wanted, Image image)
    {
        var limits = _setup.Limits;
        var sending = new Sending(
            wanted.To, image, new SnapshotTransfer(image.Length, limits.SnapshotChunkBytes, (long)limits.SnapshotChunkBytes * limits.SnapshotWindowChunks, Now))
        {
            Term = wanted.Term,
        };
        _sendings.Add(wanted.To, sending);
        image.Users++;
        _setup.Metrics.Peers.SnapshotSends.With(sending.Label).Set(1);
        _log.Info("sending database snapshot: snapshot-index {0} remote-peer-id {1} bytes {2}", image.Meta.Index, sending.Label, image.Length);
        HoldLog();
        Offer(sending);
    }

    private void Offer(Sending sending)
    {
        sending.OfferedAt = Now;
        Send(sending, new PeerMessage.SnapshotOffer(sending.Image.Meta, sending.Term, sending.Image.Length, sending.Image.Sha256));
    }

    private async Task AcknowledgedAsync(PeerMessage.SnapshotAck ack)
    {
        if (!_sendings.TryGetValue(ack.From.Value, out var sending) || !ack.Sha256.Span.SequenceEqual(sending.Image.Sha256))
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
        var image = sending.Image;
        try
        {
            while (sending.Transfer.TryNext(out var offset, out var bytes))
            {
                var data = await _setup.Workers.Run("snapshot piece", () => image.Read(offset, bytes), CancellationToken.None);
                Send(sending, new PeerMessage.SnapshotChunk(image.Sha256, offset, data));
            }
        }
        catch (IOException failure)
        {
            _images.Remove(image);                             // nobody else is served from it
            image.File.Dispose();
            foreach (var other in _sendings.Values.Where(other => other.Image == image).ToArray())
            {
                End(other, delivered: false, failure.Message);
            }
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
            _log.Info("sent database snapshot: snapshot-index {0} remote-peer-id {1} took {2} ms", sending.Image.Meta.Index, sending.Label, took.TotalMilliseconds);
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
        foreach (var image in _images.FindAll(image => image.Users == 0 && (image != _images[^1] || now.Since(image.FreeSince) >= _setup.Limits.SnapshotTimeout)))
        {
            _images.Remove(image);
            image.File.Dispose();
            _setup.Shelf.Disk.Delete(image.Path);
        }
        HoldLog();
        if (_images.Count == 0 && _sendings.Count == 0 && _wanting.Count == 0 && !_writing)
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

    /// <summary>A state written to be sent.</summary>
    private sealed class Image(SnapshotMeta meta, string path, long length, byte[] sha256, IDiskFile file)
    {
        public SnapshotMeta Meta { get; } = meta;

        public string Path { get; } = path;

        public long Length { get; } = length;

        public byte[] Sha256 { get; } = sha256;

        public IDiskFile File { get; } = file;

        public int Users { get; set; }

        public MonotonicTime FreeSince { get; set; }

        public byte[] Read(long offset, int bytes)
        {
            var data = GC.AllocateUninitializedArray<byte>(bytes);
            return File.Read(data, offset) == bytes ? data : throw new DamagedFileException(Path, offset, "the file ends before it should");
        }
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

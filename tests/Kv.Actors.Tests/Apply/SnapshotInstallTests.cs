using System.Collections.Immutable;
using Akka.Actor;
using Kv.Actors.Apply;
using Kv.Actors.Cluster;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Peers;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Kv.Actors.Raft;
using Kv.Actors.Tests.Node;
using Kv.Actors.Tests.Raft;
using Kv.Actors.Watch;
using Kv.Persistence;
using Kv.Persistence.Checkpoint;
using Kv.Persistence.Io;
using Kv.Testing;
using Xunit;

namespace Kv.Actors.Tests.Apply;

/// <summary>A leader's snapshot on its way from the first piece to the state that readers see, and what a crash on the way leaves.</summary>
public sealed class SnapshotInstallTests : PatientTestKit
{
    private const string Shelf = "/snap";
    private static readonly NodeId _self = new(1);
    private readonly RootHolder _roots = new(new StateMachine(_self, 2, 0).Root);
    private readonly NodeStatus _status = new(_self, new ClusterId(9));
    private readonly ProposalTable _waiting = new(_self, 0, limit: 10);

    public SnapshotInstallTests()
        : base("akka.loglevel = OFF")
    {
    }

    [Fact]
    public async Task While_a_snapshot_is_loaded_readers_have_what_was_and_what_comes_waits_its_turn()
    {
        var disk = NewDisk(1);
        var ten = Write(disk, "k", "ten", index: 10);
        var twenty = Write(disk, "k", "twenty", index: 20);
        var (workers, raft, hub) = (new HeldWorkers(), new Recorder(Sys), new Recorder(Sys));
        var store = Sys.ActorOf(StoreProps(disk, hub.Ref, workers));

        store.Tell(Apply(1, "k", "one"), raft.Ref);
        Assert.Equal(1ul, (await raft.NextAsync<RaftCommand.Applied>()).State.Index);
        store.Tell(new StoreCommand.Install(ten), raft.Ref);
        store.Tell(Apply(11, "behind", "eleven"), raft.Ref);
        store.Tell(new StoreCommand.Install(twenty), raft.Ref);
        var keys = new TaskCompletionSource<IReadOnlyList<byte[]>?>(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Tell(new StoreCommand.KeysOf(new LeaseId(7), keys), raft.Ref);
        await workers.Asked.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(("one", 1ul), (Requests.Value(_roots.Current, "k"), _roots.Current.AppliedIndex));
        Assert.False(keys.Task.IsCompleted);

        workers.Release();
        Assert.Equal(ten, (await raft.NextAsync<RaftCommand.Applied>()).State);
        Assert.Equal(11ul, (await raft.NextAsync<RaftCommand.Applied>()).State.Index);
        Assert.Equal(twenty, (await raft.NextAsync<RaftCommand.Applied>()).State);
        Assert.Equal(["k"], (await keys.Task.WaitAsync(TimeSpan.FromSeconds(20)))!.Select(System.Text.Encoding.UTF8.GetString));
        Assert.Equal(("twenty", 20ul), (Requests.Value(_roots.Current, "k"), _roots.Current.AppliedIndex));
        Assert.Null(Requests.Value(_roots.Current, "behind"));     // of a history that the second snapshot replaced
        foreach (var told in (Type[])[typeof(WatchHubCommand.Applied), typeof(WatchHubCommand.Replaced), typeof(WatchHubCommand.Applied), typeof(WatchHubCommand.Replaced)])
        {
            Assert.IsType(told, await hub.NextAsync<WatchHubCommand>());
        }
    }

    [Fact]
    public async Task What_was_loaded_while_it_came_takes_the_place_of_everything_without_reading_a_leaf_again()
    {
        var (source, disk) = (NewDisk(1), NewDisk(2));
        var meta = Write(source, "k", new string('v', 20_000), index: 10);
        var arrived = await TakeInAsync(disk, meta, source.ReadAll(new SnapshotShelf(source, Shelf).PathOf(meta)));
        using (var reader = new SnapshotShelf(disk, Shelf).Open(meta))
        {
            Assert.NotNull(arrived?.Stage?.TakeStore(reader));
        }
        var (raft, hub) = (new Recorder(Sys), new Recorder(Sys));
        var store = Sys.ActorOf(StoreProps(disk, hub.Ref, Workers.Threads));
        store.Tell(new StoreCommand.Install(meta, arrived.Stage), raft.Ref);
        Assert.Equal(meta, (await raft.NextAsync<RaftCommand.Applied>()).State);
        Assert.Equal(new string('v', 20_000), Requests.Value(_roots.Current, "k"));
        Assert.Equal(7, _roots.Current.Kv.Get("k"u8)!.Lease.Value);
        Assert.False(_roots.Current.Leases.InOrder() is []);
        store.Tell(Apply(11, "k", "eleven"), raft.Ref);
        Assert.Equal(11UL, (await raft.NextAsync<RaftCommand.Applied>()).State.Index);
        Assert.Equal("eleven", Requests.Value(_roots.Current, "k"));
    }

    /// <summary>A member that came back was ready a request's time-out later when what it had told of itself was in the snapshot already.</summary>
    [Fact]
    public async Task What_this_member_told_of_itself_is_answered_when_the_snapshot_holds_it_and_else_waits()
    {
        var (disk, raft) = (NewDisk(1), new Recorder(Sys));
        var meta = Write(disk, "k", "ten", index: 10, member: new ClusterMember(_self, "one", ["http://a:2380"], ["http://a:2379"], IsLearner: false));
        var store = Sys.ActorOf(StoreProps(disk, ActorRefs.Nobody, Workers.Threads));
        var (told, other, put) = (Told("http://a:2379"), Told("http://b:2379"), Wait<PutResponse>(Requests.Put("k", "v")));
        store.Tell(new StoreCommand.Install(meta), raft.Ref);
        Assert.Equal(KvError.None, (await told.Answered.WaitAsync(Patience)).Error);
        Assert.Equal(meta, (await raft.NextAsync<RaftCommand.Applied>()).State);
        Assert.False(other.Answered.IsCompleted);
        Assert.False(put.Answered.IsCompleted);
        Assert.Equal(2, _waiting.Count);
    }

    [Fact]
    public async Task A_snapshot_that_is_damaged_on_the_shelf_ends_the_store_and_readers_keep_what_they_have()
    {
        var disk = NewDisk(1);
        var meta = Write(disk, "k", "ten", index: 10);
        var path = new SnapshotShelf(disk, Shelf).PathOf(meta);
        var bytes = disk.ReadAll(path);
        bytes[bytes.Length / 2] ^= 1;
        disk.Overwrite(path, bytes);
        var (raft, failed) = (new Recorder(Sys), new TaskCompletionSource<Exception>());
        var parent = Sys.ActorOf(Props.Create(() => new Stopper(StoreProps(disk, ActorRefs.Nobody, Workers.Threads), failed)));
        var store = await parent.Ask<IActorRef>("store", TimeSpan.FromSeconds(20));
        store.Tell(Apply(1, "k", "one"), raft.Ref);
        Assert.Equal(1ul, (await raft.NextAsync<RaftCommand.Applied>()).State.Index);
        store.Tell(new StoreCommand.Install(meta), raft.Ref);
        Assert.Contains(path, (await failed.Task.WaitAsync(TimeSpan.FromSeconds(20))).Message, StringComparison.Ordinal);
        Assert.Equal("one", Requests.Value(_roots.Current, "k"));
        Assert.Empty((await raft.TakeAsync()).OfType<RaftCommand.Applied>());
    }

    /// <summary>The machine goes away at each change to the disk in turn, from the first piece on. What Raft was told of is there after it,
    /// what lies there under its name is whole, and otherwise the snapshot is taken in when it is offered again.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_crash_at_any_step_of_taking_one_in_leaves_all_of_it_or_one_that_can_be_taken_in_again(int seed)
    {
        var (crashes, told) = (0, 0);
        for (var step = 1; ; step++)
        {
            var source = NewDisk(seed);
            var meta = Write(source, "k", new string('v', 20_000), index: 10);
            var bytes = source.ReadAll(new SnapshotShelf(source, Shelf).PathOf(meta));

            var disk = NewDisk(seed * 1000 + step);
            disk.CrashAfter = disk.Operations + step;
            var arrived = await TakeInAsync(disk, meta, bytes) is not null;
            var crashed = disk.HasCrashed;
            (crashes, told) = (crashes + (crashed ? 1 : 0), told + (arrived ? 1 : 0));
            disk.Crash();

            var what = $"seed {seed} step {step}";
            var shelf = new SnapshotShelf(disk, Shelf);
            shelf.RemoveLeftovers();
            foreach (var (path, _) in SnapshotFile.List(disk, Shelf))
            {
                SnapshotFile.Open(disk, path).Dispose();
            }
            Assert.True(!arrived || disk.FileExists(shelf.PathOf(meta)), $"{what}: Raft was told of a snapshot that the crash took away");
            Assert.True(arrived || await TakeInAsync(disk, meta, bytes) is not null, $"{what}: it cannot be taken in any more");

            var raft = new Recorder(Sys);
            var store = Sys.ActorOf(StoreProps(disk, ActorRefs.Nobody, Workers.Threads));
            store.Tell(new StoreCommand.Install(meta), raft.Ref);
            Assert.Equal(meta, (await raft.NextAsync<RaftCommand.Applied>()).State);
            Assert.Equal(new string('v', 20_000), Requests.Value(_roots.Current, "k"));
            Sys.Stop(store);
            if (!crashed)
            {
                break;
            }
        }
        Assert.True(crashes >= 8 && told >= 1, $"{crashes} crashes, told {told} times");
    }

    private static SimDisk NewDisk(int seed)
    {
        var disk = new SimDisk(seed);
        disk.CreateDirectory(Shelf);
        disk.SyncDirectory("/");
        return disk;
    }

    /// <summary>A snapshot of one key with lease 7, whole on the shelf.</summary>
    private static SnapshotMeta Write(SimDisk disk, string key, string value, ulong index, ClusterMember? member = null)
    {
        var machine = new StateMachine(new NodeId(2), 2, 0);
        if (member is not null)
        {
            machine.Apply(new ConfChange(ConfChangeType.AddNode, member.Id.Value, member.ToJson()).AsV2());
            machine.Apply(new InternalRaftRequest { MemberAttributes = new MemberAttributes { MemberId = member.Id.Value, Name = member.Name, ClientUrls = { member.ClientUrls } } });
        }
        machine.Apply(Requests.Grant(7, 100));
        machine.Apply(Requests.Put(key, value, lease: 7));
        var root = machine.Publish(index, 1);
        var meta = new SnapshotMeta(index, 1, root.ConfState);
        SnapshotImage.Create(disk, new SnapshotShelf(disk, Shelf).PathOf(meta))
            .Write(writer => EtcdSchema.Write(root.Kv, RootImage.Of(root), new BoltBucketSink(writer)), static () => { });
        return meta;
    }

    private static StoreCommand.Apply Apply(ulong index, string key, string value) => new(new LogSlice(Requests.Entry(index, Requests.Put(key, value))), 1);

    private Proposal<Published> Told(string clientUrl) => Wait<Published>(
        new InternalRaftRequest { MemberAttributes = new MemberAttributes { MemberId = _self.Value, Name = "one", ClientUrls = { clientUrl } } });

    private Proposal<TResponse> Wait<TResponse>(InternalRaftRequest request)
        where TResponse : class, Google.Protobuf.IMessage
    {
        request.Header = new RequestHeader { Id = _waiting.NextId().Value };
        var proposal = new Proposal<TResponse>(request, new MonotonicTime(0));
        Assert.True(_waiting.TryAdd(proposal));
        return proposal;
    }

    private Props StoreProps(SimDisk disk, IActorRef hub, Workers workers)
    {
        var setup = new StoreActorSetup(
            new StateMachine(_self, minTtlSeconds: 2, quotaBytes: 0), _waiting, _status, _roots,
            ActorRefs.Nobody, hub, new CheckpointPolicy(), 100, TimeSpan.Zero, TimeSpan.FromMinutes(1), TimeProvider.System, new Metrics(new MetricsRegistry()))
        {
            Workers = workers,
            Shelf = new SnapshotShelf(disk, Shelf),
        };
        return Props.Create(() => new StoreActor(setup));
    }

    /// <summary>Sends a snapshot as a leader does, until it is stored or refused, or the disk is gone. What Raft was told of it, if anything.</summary>
    private async Task<RaftCommand.SnapshotArrived?> TakeInAsync(SimDisk disk, SnapshotMeta meta, byte[] bytes)
    {
        const int ChunkBytes = 4096;
        var (two, id) = (new NodeId(2), new byte[] { 1, 2, 3 });
        var (body, tail) = (bytes.AsMemory()[SnapshotFile.HeadBytes..^SnapshotFile.ChecksumBytes], (byte[])[.. bytes[..SnapshotFile.HeadBytes], .. bytes[^SnapshotFile.ChecksumBytes..]]);
        var setup = new PeersSetup(
            new NodeStatus(_self, new ClusterId(9)), _roots, ImmutableArray<string>.Empty, MemberSet.Empty, new PeerTable(), new PeerServices(), new PeerLimits(),
            new SnapshotShelf(disk, Shelf), Workers.Threads, new ForwardNumbers(new RunNumber(7)), new HandClock(), new Metrics(new MetricsRegistry()));
        var parent = new Recorder(Sys, Props.Create(() => new SnapshotReceiveActor(setup)));
        PeerMessage next = new PeerMessage.SnapshotOffer(meta, 1, id) { From = two };
        RaftCommand.SnapshotArrived? arrived = null;
        while (true)
        {
            parent.Child.Tell(next);
            // Of no use, and so answered at once, also by a successor of one that failed over a disk that is gone.
            parent.Child.Tell(new PeerMessage.SnapshotOffer(SnapshotMeta.Empty, 1, ReadOnlyMemory<byte>.Empty) { From = two });
            PeerMessage.SnapshotAck? answer = null;
            while (await parent.NextAsync<object>() is var told && told is not PeerCommand.Send { Message: PeerMessage.SnapshotAck { Id.IsEmpty: true } })
            {
                arrived = told as RaftCommand.SnapshotArrived ?? arrived;
                answer = told is PeerCommand.Send { Message: PeerMessage.SnapshotAck ack } ? ack : answer;
            }
            if (answer is not { State: SnapshotState.Wanted })
            {
                Sys.Stop(parent.Ref);
                return arrived;
            }
            var at = (int)answer.Offset;
            next = at == body.Length
                ? new PeerMessage.SnapshotChunk(id, at, tail, IsTail: true) { From = two }
                : new PeerMessage.SnapshotChunk(id, at, body.Slice(at, Math.Min(ChunkBytes, body.Length - at))) { From = two };
        }
    }

    private sealed class Stopper : ReceiveActor
    {
        private readonly TaskCompletionSource<Exception> _failed;

        public Stopper(Props child, TaskCompletionSource<Exception> failed)
        {
            _failed = failed;
            var started = Context.ActorOf(child);
            Receive<string>(_ => Sender.Tell(started));
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
        {
            _failed.TrySetResult(failure);
            return Directive.Stop;
        });
    }

    /// <summary>Loads no snapshot before it is released.</summary>
    private sealed class HeldWorkers : Workers
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _released.SetResult();

        public override async Task<T> Run<T>(string name, Func<T> work, CancellationToken cancel)
        {
            if (name == "snapshot load")
            {
                Asked.TrySetResult();
                await _released.Task;
            }
            return await base.Run(name, work, cancel);
        }
    }
}

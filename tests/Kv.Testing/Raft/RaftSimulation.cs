using System.Buffers.Binary;
using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Testing.Raft;

/// <summary>A cluster of cores under virtual time, with a network and disks that fail. All of it follows from the seed.</summary>
/// <remarks>
/// Every node runs as <c>RaftActor</c> would: one write at a time, early messages before it, late ones after. After each event the
/// node it happened to is checked by <see cref="RaftInvariants"/>; beyond those, that what is committed is durable on a quorum, that a
/// read never returns an index older than what was committed when it was asked, and that equal indexes mean equal state machines.
/// </remarks>
public sealed partial class RaftSimulation
{
    private const int TickUnits = 10;
    private readonly SimScheduler _time = new();
    private readonly SortedDictionary<ulong, SimRaftNode> _nodes = [];
    private readonly Dictionary<ulong, ulong> _stateAt = [];
    private readonly Dictionary<ulong, (ulong Committed, ulong Node)> _reads = [];
    private readonly Queue<string>? _trace;
    private readonly IReadOnlyList<(ulong Id, ReadOnlyMemory<byte> Context)> _first;
    private readonly RaftSimulationOptions _options;
    private readonly Prng _random;
    private readonly Prng _faults;
    private ulong _nextPayload;
    private ulong _nextRead;
    private ulong _checkedCommit;
    private bool _healed;

    /// <summary>Sets up the nodes; nothing runs yet.</summary>
    /// <param name="seed">Everything follows from it, the nodes' knobs included.</param>
    /// <param name="options">The faults.</param>
    /// <param name="trace">Keep the last events as text, for <see cref="Trace"/>.</param>
    public RaftSimulation(ulong seed, RaftSimulationOptions options, bool trace = false)
    {
        Seed = seed;
        _options = options;
        _random = new Prng(seed);
        _faults = _random.Fork();
        Network = new SimNetwork(_random.Fork())
        {
            Drop = options.Drop,
            Duplicate = options.Duplicate,
            Late = options.Late,
            MaxDelay = _random.NextInt(2, 25),
        };
        if (trace) _trace = new Queue<string>();
        var template = RandomConfig();
        _first = [.. Enumerable.Range(1, options.Nodes).Select(i => ((ulong)i, ReadOnlyMemory<byte>.Empty))];
        for (var id = 1UL; id <= (ulong)(options.Nodes + options.Spares); id++)
        {
            var node = new SimRaftNode(template with { Id = id }) { TickEvery = TickUnits - 1 + _random.NextInt(3) };
            _nodes.Add(id, node);
            Start(node);
        }

        Every(options.ProposeEvery, Propose);
        Every(options.ReadEvery, Read);
        Every(options.PartitionEvery, PartitionOrMend);
        Every(options.CrashEvery, CrashSome);
        Every(options.ConfChangeEvery, ChangeMembers);
        Every(options.TransferEvery, TransferOrForget);
        Every(options.SnapshotEvery, SnapshotSome);
    }

    /// <summary>The seed, for failure messages.</summary>
    public ulong Seed { get; }

    /// <summary>The network, to be tuned.</summary>
    public SimNetwork Network { get; }

    /// <summary>What was seen of all nodes.</summary>
    public RaftInvariants Invariants { get; } = new();

    /// <summary>Events so far.</summary>
    public long Events { get; private set; }

    /// <summary>A running hash over all events: equal for two runs of one seed, or the simulation is not deterministic.</summary>
    public ulong Fingerprint { get; private set; }

    /// <summary>Reads that were answered on the spot, by a lease.</summary>
    public int LeaseReads { get; private set; }

    /// <summary>Reads that were answered.</summary>
    public int AnsweredReads { get; private set; }

    /// <summary>Membership changes that took effect, counted once each.</summary>
    public int ConfChanges { get; private set; }

    /// <summary>Snapshots that followers took in.</summary>
    public int InstalledSnapshots { get; private set; }

    /// <summary>Crashes so far.</summary>
    public int Crashes { get; private set; }

    /// <summary>The last events, if they are kept.</summary>
    public string Trace => _trace is null ? "(no trace)" : string.Join('\n', _trace);

    /// <summary>Runs that many ticks.</summary>
    /// <exception cref="RaftBugException">A rule is broken.</exception>
    public void Run(int ticks)
    {
        var until = _time.Now + ((long)ticks * TickUnits);
        while (_time.RunNext(until)) Events++;
    }

    /// <summary>Ends all faults, restarts whoever is down, and leaves a joint configuration that waits for someone to end it.</summary>
    public void Heal()
    {
        _healed = true;
        Network.Heal();
        Network.MaxDelay = 5;
        foreach (var node in _nodes.Values)
        {
            if (node.Core is null) Start(node);
        }
    }

    /// <summary>Runs until there is a leader that everyone in the membership has caught up with, and new proposals commit.</summary>
    /// <returns>False if that does not happen in time.</returns>
    public bool RunUntilConverged(int withinTicks)
    {
        var until = _time.Now + ((long)withinTicks * TickUnits);
        var goal = 0UL;
        while (_time.RunNext(until))
        {
            Events++;
            if (goal == 0) goal = Invariants.Committed + 5;
            if (Events % 16 == 0 && Invariants.Committed >= goal && IsConverged()) return true;
        }

        return false;
    }

    /// <summary>One line for each node.</summary>
    public string Describe() => string.Join('\n', _nodes.Values.Select(n => n.Core is { } core
        ? $"  {n.Id}: {core.Role} term {core.Term} vote {core.Vote} leader {core.Leader} log {core.Log.FirstIndex}..{core.Log.LastIndex} commit {core.Log.Committed} applied {core.Log.Applied} {core.ConfState} [{string.Join("; ", core.Status().Progress)}]"
        : $"  {n.Id}: down"));

    private bool IsConverged()
    {
        foreach (var leader in _nodes.Values)
        {
            if (leader.Core is not { Role: Role.Leader } core || core.ConfState.IsJoint) continue;
            var all = true;
            foreach (var id in core.ConfState.Members)
            {
                all &= _nodes[id].Core is { } member && member.Leader == leader.Id && member.Term == core.Term
                    && member.Log.Committed + 20 >= core.Log.LastIndex && member.ConfState.Equals(core.ConfState);
            }

            if (all) return true;
        }

        return false;
    }

    private RaftConfig RandomConfig()
    {
        var lease = _random.NextBool(0.3);
        lease = _options.Lease ?? lease;
        var messageBytes = _random.NextInt(3) switch { 0 => 1, 1 => 200, _ => 1 << 20 };
        return new RaftConfig
        {
            Id = 1,
            CheckQuorum = !_random.NextBool(0.2) || lease,
            ReadMode = lease ? ReadMode.LeaseBased : ReadMode.Safe,
            PreVote = !_random.NextBool(0.3),
            MaxInflightMessages = _random.NextInt(3) switch { 0 => 1, 1 => 3, _ => 256 },
            MaxMessageBytes = messageBytes,
            MaxInflightBytes = _random.NextBool(0.3) ? messageBytes * 2 : 0,
            MaxUnappliedBytes = _random.NextBool(0.3) ? 1 : 1 << 20,
            MaxUncommittedBytes = _random.NextBool(0.3) ? 200 : 0,
            StepDownOnRemoval = _random.NextBool(0.5),
            ForwardProposals = !_random.NextBool(0.2),
        };
    }

    private void Start(SimRaftNode node)
    {
        Note(node, "starts");
        Invariants.Restarted(node.Id);
        node.Start(_random.Fork(), node.Id <= (ulong)_options.Nodes ? _first : null);
        var life = node.Life;
        TickLater(node, life);
        Drain(node);
    }

    private void TickLater(SimRaftNode node, int life) => _time.After(node.TickEvery, () =>
    {
        if (node.Life != life || node.Core is null) return;
        node.Core.Tick();
        Drain(node);
        TickLater(node, life);
    });

    /// <summary>What the actor does after every input: see the README's picture of a batch.</summary>
    private void Drain(SimRaftNode node)
    {
        var core = node.Core!;
        Invariants.Check(core);
        CheckDurableCommit(node);
        if (node.Writing is not null)
        {
            // Half of the time heartbeats and reads do not wait for the disk.
            if (_random.NextBool(0.5))
            {
                Send(node, core.TakeEarly());
                Answer(node, core.TakeReads());
            }

            return;
        }

        if (core.SnapshotWanted && _random.NextBool(0.5)) TakeSnapshot(node);
        if (!core.HasReady) return;
        var ready = core.TakeReady();
        node.Writing = ready;
        Send(node, ready.Early);
        Answer(node, ready.Reads);
        var life = node.Life;
        var delay = ready.MustSync ? _random.NextInt(1, _random.NextBool(0.05) ? 60 : 8) : 0;
        _time.After(delay, () =>
        {
            if (node.Life == life && node.Core is not null) Finish(node, ready);
        });
        Invariants.Check(core);
    }

    private void Finish(SimRaftNode node, Ready ready)
    {
        foreach (var recorded in ready.Events) node.Write(recorded);
        node.Writing = null;
        Send(node, ready.Late);
        if (ready.Snapshot is { } meta)
        {
            node.ToApply.Clear();
            node.State = (meta.Index, node.Snapshots[meta.Index].State);
            InstalledSnapshots++;
            Note(node, $"installs {meta.Index}");
        }

        if (ready.Committed.Count > 0) node.ToApply.Enqueue(ready.Committed);
        node.Core!.Advance(ready);
        ApplyLater(node);
        Drain(node);
    }

    private void ApplyLater(SimRaftNode node)
    {
        if (node.Applying || node.ToApply.Count == 0) return;
        node.Applying = true;
        var life = node.Life;
        _time.After(_random.NextInt(0, _random.NextBool(0.1) ? 40 : 3), () =>
        {
            if (node.Life != life || node.Core is null) return;
            node.Applying = false;
            if (node.ToApply.TryDequeue(out var slice)) Apply(node, slice);
            ApplyLater(node);
            Drain(node);
        });
    }

    private void Apply(SimRaftNode node, LogSlice slice)
    {
        var core = node.Core!;
        foreach (var entry in slice)
        {
            node.Apply(entry);
            if (!_stateAt.TryAdd(entry.Index, node.State.Hash)) Require(_stateAt[entry.Index] == node.State.Hash, $"{node.Id} is in another state at {entry.Index}");
            if (!entry.IsConfChange) continue;
            var before = core.ConfState;
            var overtaken = entry.Index <= core.Log.BaseIndex;     // by a snapshot, whose membership is in force already
            var after = core.ApplyConfChange(entry);
            if (entry.Index > (ulong)_options.Nodes && !overtaken) Invariants.ConfApplied(node.Id, entry.Index, before, after);
            if (!before.Equals(after)) ConfChanges++;
            Note(node, $"now has {after} at {entry.Index}");
            if (!after.IsVoter(node.Id)) StopRemovedLeader(node);
        }

        core.Applied(slice.LastIndex);
    }

    /// <summary>A leader that does not step down when it is removed takes no proposals any more: its application ends it.</summary>
    private void StopRemovedLeader(SimRaftNode node)
    {
        var life = node.Life;
        _time.After(_faults.NextInt(1, 20 * TickUnits), () =>
        {
            if (node.Life == life && node.Core is { Role: Role.Leader } core && !core.ConfState.IsVoter(node.Id)) Crash(node);
        });
    }

    private void Send(SimRaftNode node, IReadOnlyList<RaftMessage> messages)
    {
        Span<int> delays = stackalloc int[2];
        foreach (var message in messages)
        {
            Invariants.Sent(message);
            if (!_nodes.TryGetValue(message.To, out var target)) continue;
            var state = 0UL;
            if (message is RaftMessage.InstallSnapshot install)
            {
                state = node.Snapshots[install.Meta.Index].State;
                ReportLater(node, install.To);
            }

            Fingerprint = (Fingerprint ^ ((ulong)_time.Now * 31) ^ (message.From << 8) ^ message.To ^ (message.Term << 16)) * 0x100000001B3;
            var copies = Network.Fate(message.From, message.To, delays);
            Note(node, copies == 0 ? $"loses {message}" : $"sends {message}");
            // Half of the messages go through their bytes, so that the format is held to account as well.
            var carried = _random.NextBool(0.5) ? RaftWire.DecodeMessage(RaftWire.Encode(message)) : message;
            for (var i = 0; i < copies; i++) _time.After(delays[i], () => Deliver(target, carried, state));
        }
    }

    private void Deliver(SimRaftNode target, RaftMessage message, ulong state)
    {
        if (target.Core is not { } core) return;
        Note(target, $"gets {message}");
        if (message is RaftMessage.InstallSnapshot { Meta: var meta }) target.Snapshots[meta.Index] = (meta, state);
        core.Step(message);
        Drain(target);
    }

    private void ReportLater(SimRaftNode node, ulong to)
    {
        var (life, delivered) = (node.Life, _healed || _faults.NextBool(0.5));
        _time.After(_faults.NextInt(1, 300), () =>
        {
            if (node.Life != life || node.Core is null) return;
            node.Core.ReportSnapshot(to, delivered);
            Drain(node);
        });
    }

    private void Answer(SimRaftNode node, IReadOnlyList<ReadState> reads)
    {
        foreach (var read in reads)
        {
            if (!_reads.TryGetValue(read.Context, out var asked) || asked.Node != node.Id) continue;
            AnsweredReads++;
            Require(read.Index >= asked.Committed, $"stale read: {node.Id} read at {read.Index}, but {asked.Committed} was committed when it asked");
        }
    }

    /// <summary>Commit means durable on a quorum, by the membership of the node that says so first.</summary>
    private void CheckDurableCommit(SimRaftNode node)
    {
        if (node.Core!.Role != Role.Leader || node.Core.Log.Committed <= _checkedCommit) return;
        var core = node.Core;
        _checkedCommit = core.Log.Committed;
        if (!core.Log.TryTerm(_checkedCommit, out var term) || term != core.Term) return;
        var conf = core.ConfState;
        foreach (var voters in new[] { conf.Voters, conf.VotersOutgoing })
        {
            var durable = voters.Count(id => _nodes[id].HasDurably(_checkedCommit, term));
            Require(Quorum.Count(voters.Length, durable, 0) == VoteResult.Won,
                $"{node.Id} committed {term}/{_checkedCommit}, durable on {durable} of {conf}");
        }
    }

    private void Note(SimRaftNode node, string what)
    {
        if (_trace is null) return;
        _trace.Enqueue($"{_time.Now,7} {node.Id} {what}");
        if (_trace.Count > 4000) _trace.Dequeue();
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new RaftBugException(message);
    }

    private static ReadOnlyMemory<byte> Payload(ulong number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        return bytes;
    }
}

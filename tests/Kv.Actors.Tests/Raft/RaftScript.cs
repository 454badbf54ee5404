using System.Collections.Immutable;
using System.Text;
using Kv.Actors.Model;
using Kv.Actors.Raft;

namespace Kv.Actors.Tests.Raft;

/// <summary>Runs a scenario: lines that begin with '&gt;' are commands, what they print stands below them.</summary>
/// <remarks>
/// <code>
///  &gt; nodes 3 prevote=off             three voters, ids 1 to 3, on a snapshot at 1/10
///  &gt; campaign 1
///  &gt; stabilize                       batches and messages until nothing moves
/// </code>
/// The words are explained where they are handled, in <see cref="Run(string[])"/>. Messages wait in one queue, in the order they were
/// sent, until a command delivers or drops them.
/// </remarks>
internal sealed class RaftScript
{
    private readonly SortedDictionary<ulong, Node> _nodes = [];
    private readonly List<RaftMessage> _network = [];
    private RaftInvariants _invariants = new();
    private readonly StringBuilder _out = new();
    private RaftConfig _template = new() { Id = 1 };

    private sealed class Node(ulong id)
    {
        public ulong Id => id;
        public required RaftCore Core { get; set; }
        public required RaftConfig Config { get; init; }
        public List<RaftEvent> Journal { get; } = [];
        public Dictionary<ulong, SnapshotMeta> Snapshots { get; } = [];
        public Ready? Taken { get; set; }
    }

    /// <summary>Runs a whole file.</summary>
    /// <returns>The file as it should be.</returns>
    public static string Run(string script)
    {
        var (runner, result) = (new RaftScript(), new StringBuilder());
        foreach (var line in script.Split('\n').Select(l => l.TrimEnd('\r')))
        {
            if (line.StartsWith("> ", StringComparison.Ordinal))
            {
                result.Append(line).Append('\n');
                runner._out.Clear();
                runner.Run(line[2..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
                result.Append(runner._out);
            }
            else if (line.Length == 0 || line[0] == '#')
            {
                result.Append(line).Append('\n');
            }
        }

        return result.ToString().TrimEnd('\n') + "\n";
    }

    private void Run(string[] words)
    {
        switch (words[0])
        {
            case "nodes": AddNodes(words); break;              // nodes COUNT [learners=N] [OPTION=VALUE...]
            case "join": Add(Id(words[1]), null); break;        // join ID: an empty node
            case "log": SeedLog(words); break;                  // log ID term=T commit=C TERM*COUNT...: a node with a history
            case "tick": Tick(words); break;                    // tick ID [TIMES]
            case "campaign": On(words, n => n.Core.Campaign()); break;
            case "propose": Propose(words); break;              // propose ID TEXT...
            case "conf": ProposeConf(words); break;             // conf ID v1|auto|implicit|explicit [add|remove|learner ID]...
            case "leave": On(words, n => Line($"  {n.Core.ProposeConfChange(ConfChangeV2.Leave).Status}")); break;
            case "read": Read(words); break;                    // read ID CONTEXT
            case "transfer": On(words, n => Line($"  {n.Core.TransferLeader(Id(words[2]))}")); break;
            case "forget": On(words, n => Line($"  {n.Core.ForgetLeader()}")); break;
            case "unreachable": On(words, n => n.Core.ReportUnreachable(Id(words[2]))); break;
            case "snapstatus": On(words, n => n.Core.ReportSnapshot(Id(words[2]), words[3] == "ok")); break;
            case "snapshot": Snapshot(words); break;            // snapshot ID: take one of what is applied
            case "compact": On(words, n => n.Core.Compact(Id(words[2]))); break;
            case "restart": Restart(Find(words[1])); break;
            case "wanted": On(words, n => Line($"  {n.Core.SnapshotWanted}")); break;
            case "take": Take(Find(words[1])); break;           // take ID: begin a batch and leave it unwritten
            case "finish": Finish(Find(words[1])); break;       // finish ID: the batch is durable
            case "ready": On(words, Ready); break;              // ready ID: one whole batch
            case "deliver": Deliver(words); break;              // deliver ID [TYPE]: what waits for a node
            case "drop": Drop(words); break;                    // drop ID [TYPE]: lose what waits for a node
            case "stabilize": Stabilize(words); break;          // stabilize [ID...]: only these nodes take part
            case "state": foreach (var n in Chosen(words)) State(n); break;
            case "status": On(words, n => Lines(n.Core.Status().Progress)); break;
            case "show": On(words, ShowLog); break;
            default: throw new InvalidOperationException($"unknown word {words[0]}");
        }
    }

    private static ulong Id(string word) => ulong.Parse(word);

    private Node Find(string word) => _nodes[Id(word)];

    private void On(string[] words, Action<Node> action)
    {
        var node = Find(words[1]);
        action(node);
        Check(node);
    }

    private void Check(Node node) => _invariants.Check(node.Core);

    private Node[] Chosen(string[] words) =>
        words.Length > 1 ? [.. words[1..].Select(Find)] : [.. _nodes.Values];

    private void AddNodes(string[] words)
    {
        var (count, learners, index) = (Id(words[1]), new List<ulong>(), 10UL);
        foreach (var word in words[2..])
        {
            var (name, value) = (word.Split('=')[0], word.Split('=')[1]);
            switch (name)
            {
                case "learners": learners = [.. value.Split(',').Select(ulong.Parse)]; break;
                case "index": index = Id(value); break;
                case "prevote": _template = _template with { PreVote = value == "on" }; break;
                case "checkquorum": _template = _template with { CheckQuorum = value == "on" }; break;
                case "stepdown": _template = _template with { StepDownOnRemoval = value == "on" }; break;
                case "validate": _template = _template with { ValidateConfChanges = value == "on" }; break;
                case "forward": _template = _template with { ForwardProposals = value == "on" }; break;
                case "lease": _template = _template with { ReadMode = value == "on" ? ReadMode.LeaseBased : ReadMode.Safe }; break;
                case "inflight": _template = _template with { MaxInflightMessages = int.Parse(value) }; break;
                case "uncommitted": _template = _template with { MaxUncommittedBytes = int.Parse(value) }; break;
                case "message": _template = _template with { MaxMessageBytes = int.Parse(value) }; break;
                case "unapplied": _template = _template with { MaxUnappliedBytes = int.Parse(value) }; break;
                default: throw new InvalidOperationException($"unknown option {name}");
            }
        }

        _invariants = new RaftInvariants(index);
        var ids = Enumerable.Range(1, (int)count).Select(i => (ulong)i).ToArray();
        var conf = new ConfState(ids.Except(learners), learners);
        foreach (var id in ids)
        {
            if (index == 0) Add(id, null);
            else Add(id, new RaftEvent.Checkpoint(new SnapshotMeta(index, 1, conf), new HardState(1, 0, index), default));
        }
    }

    private Node Add(ulong id, RaftEvent? history)
    {
        var config = _template with { Id = id };
        var node = new Node(id) { Core = new RaftCore(config, new Prng(id)), Config = config };
        if (history is not null) node.Journal.Add(history);
        _nodes[id] = node;
        Restart(node);
        return node;
    }

    private void Restart(Node node)
    {
        node.Core = new RaftCore(node.Config, new Prng(node.Id));
        node.Taken = null;
        foreach (var recorded in node.Journal) node.Core.Replay(recorded);
        node.Core.Start();
        if (node.Core.Log.Snapshot.Index > 0) node.Snapshots[node.Core.Log.Snapshot.Index] = node.Core.Log.Snapshot;
        _invariants.Restarted(node.Id);
    }

    private void SeedLog(string[] words)
    {
        var node = Find(words[1]);
        var (term, commit) = (Id(words[2].Split('=')[1]), Id(words[3].Split('=')[1]));
        var entries = new List<Entry>();
        foreach (var run in words[4..])
        {
            var (runTerm, count) = (Id(run.Split('*')[0]), int.Parse(run.Split('*')[1]));
            for (var i = 0; i < count; i++) entries.Add(new Entry(runTerm, node.Core.Log.LastIndex + (ulong)entries.Count + 1, EntryType.Normal, default));
        }

        node.Journal.Add(new RaftEvent.Appended(new LogSlice([.. entries]), new HardState(term, 0, commit)));
        Restart(node);
        ShowLog(node);
    }

    private void Tick(string[] words)
    {
        for (var i = 0; i < (words.Length > 2 ? int.Parse(words[2]) : 1); i++) On(words, n => n.Core.Tick());
    }

    private void Propose(string[] words) => On(words, n =>
    {
        foreach (var text in words[2..])
        {
            var result = n.Core.Propose(Encoding.UTF8.GetBytes(text));
            if (!result.IsAccepted) Line($"  {result.Status}");
        }
    });

    private void ProposeConf(string[] words) => On(words, n =>
    {
        var changes = ImmutableArray.CreateBuilder<ConfChangeSingle>();
        for (var i = 3; i < words.Length; i += 2)
        {
            var type = words[i] switch
            {
                "add" => ConfChangeType.AddNode,
                "remove" => ConfChangeType.RemoveNode,
                "learner" => ConfChangeType.AddLearner,
                _ => throw new InvalidOperationException($"unknown change {words[i]}"),
            };
            changes.Add(new ConfChangeSingle(type, Id(words[i + 1])));
        }

        var result = words[2] switch
        {
            "v1" => n.Core.ProposeConfChange(new ConfChange(changes[0].Type, changes[0].NodeId)),
            "auto" => n.Core.ProposeConfChange(new ConfChangeV2(ConfChangeTransition.Auto, changes.ToImmutable())),
            "implicit" => n.Core.ProposeConfChange(new ConfChangeV2(ConfChangeTransition.JointImplicit, changes.ToImmutable())),
            "explicit" => n.Core.ProposeConfChange(new ConfChangeV2(ConfChangeTransition.JointExplicit, changes.ToImmutable())),
            _ => throw new InvalidOperationException($"unknown transition {words[2]}"),
        };
        Line($"  {result.Status}");
    });

    private void Read(string[] words) => On(words, n =>
    {
        var result = n.Core.ReadIndex(Id(words[2]));
        Line(result.Status == ReadStatus.Answered ? $"  Answered {result.Index}" : $"  {result.Status}");
    });

    private void Snapshot(string[] words) => On(words, n =>
    {
        var index = n.Core.Log.Applied;
        n.Core.Log.TryTerm(index, out var term);
        n.Snapshots[index] = new SnapshotMeta(index, term, n.Core.ConfState);
        n.Core.SnapshotTaken(n.Snapshots[index]);
        Line($"  {term}/{index} {n.Core.ConfState}");
    });

    private void Take(Node node)
    {
        if (!node.Core.HasReady)
        {
            Line("  nothing");
            return;
        }

        var ready = node.Core.TakeReady();
        node.Taken = ready;
        if (ready.Soft is { } soft) Line($"  {node.Id} {soft.Role} leader {soft.Leader}");
        foreach (var recorded in ready.Events) Line($"  {node.Id} writes {Text(recorded)}");
        Send(ready.Early, "");
        foreach (var read in ready.Reads) Line($"  {node.Id} reads {read.Context} at {read.Index}");
    }

    private void Finish(Node node)
    {
        var ready = node.Taken!;
        node.Taken = null;
        node.Journal.AddRange(ready.Events);
        Send(ready.Late, " (late)");
        node.Core.Advance(ready);
        if (ready.Snapshot is { } meta) Line($"  {node.Id} installs {meta.Term}/{meta.Index} {meta.ConfState}");
        foreach (var entry in ready.Committed)
        {
            Line($"  {node.Id} applies {Text(entry)}");
            if (entry.IsConfChange) Line($"  {node.Id} has {node.Core.ApplyConfChange(entry)}");
        }

        if (ready.Committed.Count > 0) node.Core.Applied(ready.Committed.LastIndex);
        Check(node);
    }

    private void Ready(Node node)
    {
        Take(node);
        if (node.Taken is not null) Finish(node);
    }

    private void Send(IReadOnlyList<RaftMessage> messages, string mark)
    {
        foreach (var message in messages)
        {
            Line($"  {Text(message)}{mark}");
            _invariants.Sent(message);
            _network.Add(RaftWire.DecodeMessage(RaftWire.Encode(message)));
        }
    }

    private static bool Matches(RaftMessage message, string[] words) =>
        message.To == Id(words[1]) && (words.Length < 3 || message.GetType().Name == words[2]);

    private void Deliver(string[] words)
    {
        var arriving = _network.Where(m => Matches(m, words)).ToArray();
        _network.RemoveAll(m => Matches(m, words));
        foreach (var message in arriving) Deliver(message);
    }

    private void Deliver(RaftMessage message)
    {
        if (!_nodes.TryGetValue(message.To, out var node)) return;
        if (message is RaftMessage.InstallSnapshot install) node.Snapshots[install.Meta.Index] = install.Meta;
        node.Core.Step(message);
        Check(node);
    }

    private void Drop(string[] words)
    {
        foreach (var message in _network.Where(m => Matches(m, words))) Line($"  lost: {Text(message)}");
        _network.RemoveAll(m => Matches(m, words));
    }

    private void Stabilize(string[] words)
    {
        var chosen = Chosen(words);
        for (var round = 0; round < 200; round++)
        {
            var moved = false;
            foreach (var node in chosen)
            {
                while (node.Core.HasReady)
                {
                    Ready(node);
                    moved = true;
                }
            }

            foreach (var node in chosen)
            {
                string[] to = ["deliver", node.Id.ToString()];
                moved |= _network.Exists(m => Matches(m, to));
                Deliver(to);
            }

            if (!moved) return;
        }

        throw new InvalidOperationException("nothing comes to rest");
    }

    private void State(Node n)
    {
        var log = n.Core.Log;
        Line($"  {n.Id}: {n.Core.Role} term {n.Core.Term} vote {n.Core.Vote} leader {n.Core.Leader} log {log.FirstIndex}..{log.LastIndex} "
            + $"stable {log.Stable} commit {log.Committed} applied {log.Applied}");
    }

    private void ShowLog(Node node)
    {
        var runs = new List<string>();
        for (var i = node.Core.Log.FirstIndex; i <= node.Core.Log.LastIndex; i++) runs.Add(node.Core.Log[i].Term.ToString());
        Line($"  {node.Id}: from {node.Core.Log.FirstIndex}, terms {string.Join(' ', runs)}");
    }

    private static string Text(RaftEvent recorded) => recorded switch
    {
        RaftEvent.Appended e => $"{string.Join(' ', e.Entries.Select(Text))} state {Text(e.State)}",
        RaftEvent.HardStateChanged e => $"state {Text(e.State)}",
        RaftEvent.SnapshotInstalled e => $"snapshot {e.Meta.Term}/{e.Meta.Index} state {Text(e.State)}",
        _ => recorded.ToString(),
    };

    private static string Text(HardState state) => $"term={state.Term} vote={state.Vote} commit={state.Commit}";

    private static string Text(Entry entry)
    {
        var data = entry.IsConfChange ? Text(RaftWire.DecodeConfChange(entry)) : Encoding.UTF8.GetString(entry.Data.Span);
        return data.Length == 0 ? $"{entry.Term}/{entry.Index}" : $"{entry.Term}/{entry.Index}:{data}";
    }

    private static string Text(ConfChangeV2 change) => change.IsLeave
        ? "leave"
        : $"{change.Transition}({string.Join(',', change.Changes.Select(c => $"{c.Type} {c.NodeId}"))})";

    private static string Text(RaftMessage message)
    {
        var body = message switch
        {
            RaftMessage.Propose m => string.Join(' ', m.Entries.Select(Text)),
            RaftMessage.Append m => $"after {m.PrevTerm}/{m.PrevIndex} [{string.Join(' ', m.Entries.Select(Text))}] commit {m.Commit}",
            RaftMessage.AppendAccepted m => $"{m.Index}",
            RaftMessage.AppendRejected m => $"{m.Index} hint {m.HintTerm}/{m.HintIndex}",
            RaftMessage.VoteRequest m => $"{(m.Pre ? "pre " : "")}{(m.Transfer ? "transfer " : "")}last {m.LastTerm}/{m.LastIndex}",
            RaftMessage.VoteReply m => $"{(m.Pre ? "pre " : "")}{(m.Granted ? "granted" : "refused")}",
            RaftMessage.Heartbeat m => $"commit {m.Commit}{(m.ReadPosition > 0 ? $" reads {m.ReadPosition}" : "")}",
            RaftMessage.HeartbeatReply m => m.ReadPosition > 0 ? $"reads {m.ReadPosition}" : "",
            RaftMessage.InstallSnapshot m => $"{m.Meta.Term}/{m.Meta.Index} {m.Meta.ConfState}",
            RaftMessage.TransferLeader m => $"to {m.Target}",
            RaftMessage.ReadIndex m => $"{m.Context}",
            RaftMessage.ReadIndexReply m => $"{m.Context} at {m.Index}",
            _ => "",
        };
        return $"{message.From}->{message.To} {message.GetType().Name} term {message.Term} {body}".TrimEnd();
    }

    private void Lines(IEnumerable<string> lines)
    {
        foreach (var line in lines) Line("  " + line);
    }

    private void Line(string text) => _out.Append(text).Append('\n');
}

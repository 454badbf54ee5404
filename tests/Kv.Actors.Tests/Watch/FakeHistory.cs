using System.Text;
using Kv.Actors.Model;
using Kv.Actors.Watch;

namespace Kv.Actors.Tests.Watch;

/// <summary>A store small enough to see through: every change in a list, roots as views of it.</summary>
internal sealed class FakeStore
{
    private readonly List<KeyVersion> _changes = [];
    private readonly Dictionary<string, KeyVersion> _live = [];

    public FakeStore() => Root = new FakeHistory([], 1, 0);

    public FakeHistory Root { get; private set; }

    public IReadOnlyList<KeyVersion> All => _changes;

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static KeyRange Range(string key, string? end = null) => new(Bytes(key), end is null ? null : Bytes(end));

    /// <summary>One transaction: <c>key=value</c> puts, <c>key</c> deletes. The answer is its changes.</summary>
    public KeyVersion[] Write(params string[] operations)
    {
        var revision = Root.CurrentRevision + 1;
        var added = new List<KeyVersion>();
        foreach (var operation in operations)
        {
            var parts = operation.Split('=', 2);
            var at = new Revision(revision, added.Count);
            _live.TryGetValue(parts[0], out var before);
            if (parts.Length == 1)
            {
                if (before is not null)
                {
                    added.Add(KeyVersion.Tombstone(Bytes(parts[0]), at));
                    _live.Remove(parts[0]);
                }
                continue;
            }
            var put = new KeyVersion(
                Bytes(parts[0]), Bytes(parts[1]), at, before?.CreateRevision ?? revision, (before?.Version ?? 0) + 1, new LeaseId(7));
            added.Add(put);
            _live[parts[0]] = put;
        }
        if (added.Count > 0)
        {
            _changes.AddRange(added);
            Root = new FakeHistory([.. _changes], revision, Root.CompactRevision);
        }
        return [.. added];
    }

    public void Compact(long revision)
    {
        _changes.RemoveAll(c => c.ModRevision < revision);
        Root = new FakeHistory([.. _changes], Root.CurrentRevision, revision);
    }
}

/// <summary>A root over an array.</summary>
internal sealed class FakeHistory(KeyVersion[] changes, long current, long compact) : IWatchHistory
{
    public long CurrentRevision { get; } = current;

    public long CompactRevision { get; } = compact;

    public int Count => changes.Length;

    public KeyVersion this[int index] => changes[index];

    public int IndexOf(long main)
    {
        var index = 0;
        while (index < changes.Length && changes[index].ModRevision < main)
        {
            index++;
        }
        return index;
    }

    public KeyVersion? Previous(KeyVersion change)
    {
        var before = changes.LastOrDefault(c => c.Key.AsSpan().SequenceEqual(change.Key) && c.Revision < change.Revision);
        return before is null || before.IsTombstone ? null : before;
    }
}

/// <summary>A stream's core and a hub joined without actors: what one tells the other is delivered when <see cref="Settle"/> says.</summary>
internal sealed class Harness
{
    private readonly WatchHub<Harness> _hub;
    private readonly Queue<WatchStreamCommand> _toStream = new();
    private readonly Queue<WatchHubCommand> _toHub = new();

    public Harness(FakeStore store, WatchLimits? limits = null)
    {
        Store = store;
        Core = new WatchStreamCore((limits ?? new WatchLimits()).Validate());
        _hub = new WatchHub<Harness>(store.Root, static (stream, command) => stream._toStream.Enqueue(command));
    }

    public FakeStore Store { get; }

    public WatchStreamCore Core { get; }

    public WatchHub<Harness> Hub => _hub;

    public static WatchSpec Spec(string key, string? end = null, long start = 0) =>
        new() { Range = FakeStore.Range(key, end), StartRevision = start };

    public Harness Write(params string[] operations)
    {
        var changes = Store.Write(operations);
        if (changes.Length > 0)
        {
            _toHub.Enqueue(new WatchHubCommand.Applied(Store.Root, changes));
        }
        return this;
    }

    public Harness Create(WatchSpec spec)
    {
        Core.Create(spec, Store.Root.CurrentRevision);
        return Collect();
    }

    public Harness Cancel(long id)
    {
        Core.Cancel(id, Store.Root.CurrentRevision);
        return Collect();
    }

    public Harness AskProgress()
    {
        Core.RequestProgress(Store.Root.CurrentRevision);
        return Collect();
    }

    public Harness Tick()
    {
        Core.ProgressTick(Store.Root.CurrentRevision);
        return Collect();
    }

    public Harness Replace()
    {
        _toHub.Enqueue(new WatchHubCommand.Replaced(Store.Root));
        return this;
    }

    /// <summary>Delivers one message to the hub; false when none waits.</summary>
    public bool StepHub()
    {
        if (!_toHub.TryDequeue(out var command))
        {
            return false;
        }
        switch (command)
        {
            case WatchHubCommand.Applied applied: _hub.Applied(applied.Root, applied.Changes); break;
            case WatchHubCommand.Replaced replaced: _hub.Replaced(replaced.Root); break;
            case WatchHubCommand.Join join: _hub.Join(this, join.Cursors); break;
            case WatchHubCommand.Leave leave: _hub.Leave(leave.Cursors); break;
            case WatchHubCommand.Remove remove: _hub.Remove(remove.Cursor); break;
            case WatchHubCommand.AskProgress ask: _hub.AskProgress(this, ask); break;
            default: throw new InvalidOperationException($"{command}");
        }
        return true;
    }

    /// <summary>Delivers one message to the stream; false when none waits.</summary>
    public bool StepStream()
    {
        if (!_toStream.TryDequeue(out var command))
        {
            return false;
        }
        switch (command)
        {
            case WatchStreamCommand.Push push: Core.OnPush(push.Matches); break;
            case WatchStreamCommand.Joined joined: Core.OnJoined(joined.Cursors, joined.Root); break;
            case WatchStreamCommand.ProgressAt progress: Core.OnProgress(progress.Revision, progress.Periodic); break;
            case WatchStreamCommand.Left left: Core.OnLeft(left.Revision); break;
            default: throw new InvalidOperationException($"{command}");
        }
        Collect();
        return true;
    }

    /// <summary>Delivers everything, without the client reading.</summary>
    public Harness Settle()
    {
        while (StepHub() || StepStream())
        {
        }
        return this;
    }

    /// <summary>The client reads once: history if it is behind, then at most <paramref name="maxBytes"/> of what waits.</summary>
    public WatchResponse[] Read(long maxBytes = long.MaxValue)
    {
        if (Core.QueuedResponses == 0)
        {
            Core.ReadHistory(Store.Root);
            Collect();
        }
        return Core.Take(maxBytes)?.Responses ?? [];
    }

    /// <summary>Delivers and reads until nothing is left.</summary>
    public List<WatchResponse> ReadAll()
    {
        var all = new List<WatchResponse>();
        for (var idle = 0; idle < 3;)
        {
            Settle();
            var read = Read();
            all.AddRange(read);
            idle = read.Length == 0 && !Core.IsBehind ? idle + 1 : 0;
        }
        return all;
    }

    private Harness Collect()
    {
        foreach (var command in Core.Outbox)
        {
            _toHub.Enqueue(command);
        }
        Core.Outbox.Clear();
        return this;
    }
}

/// <summary>Responses in a form that tests can compare.</summary>
internal static class Shown
{
    public static string Text(this WatchResponse response) => response.Kind switch
    {
        WatchResponseKind.Created => $"{response.WatchId} created @{response.Revision}",
        WatchResponseKind.Refused => $"{response.WatchId} refused @{response.Revision}: {response.CancelReason}",
        WatchResponseKind.Canceled => $"{response.WatchId} canceled @{response.Revision}",
        WatchResponseKind.Compacted => $"{response.WatchId} compacted {response.CompactRevision} @{response.Revision}",
        WatchResponseKind.Progress => $"{response.WatchId} progress @{response.Revision}",
        _ => $"{response.WatchId} @{response.Revision}{(response.IsFragment ? "+" : "")} {string.Join(' ', response.Events().Select(Text))}",
    };

    public static IEnumerable<EventRef> Events(this WatchResponse response)
    {
        for (var i = 0; i < response.Count; i++)
        {
            yield return response[i];
        }
    }

    public static string Text(EventRef reference)
    {
        var change = reference.Batch[reference.Index];
        var key = Encoding.UTF8.GetString(change.Key);
        return $"{change.ModRevision}:{key}" + (change.IsTombstone ? "" : "=" + Encoding.UTF8.GetString(change.Value));
    }

    public static string[] Text(this IEnumerable<WatchResponse> responses) => [.. responses.Select(r => r.Text())];
}

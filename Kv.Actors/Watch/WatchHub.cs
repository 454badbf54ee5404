using Kv.Actors.Model;

namespace Kv.Actors.Watch;

/// <summary>The hub as a function of its inputs: who watches what, up to which revision everything was pushed, and who waits for that to
/// move.</summary>
/// <remarks>Not thread-safe. Everything told to one stream must reach it in the order of the calls to <c>tell</c>.</remarks>
/// <typeparam name="TStream">What names a stream, by reference.</typeparam>
public sealed class WatchHub<TStream>
    where TStream : class
{
    private readonly WatchMatcher<TStream> _matcher = new();
    private readonly Action<TStream, WatchStreamCommand> _tell;
    private readonly Action<TStream, WatchMatch[]> _push;
    private readonly List<(TStream Stream, WatchHubCommand.AskProgress Ask)> _asking = [];
    private IWatchHistory _root;

    /// <param name="root">The root published when it starts.</param>
    /// <param name="tell">Sends to a stream.</param>
    public WatchHub(IWatchHistory root, Action<TStream, WatchStreamCommand> tell)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(tell);
        _root = root;
        _tell = tell;
        _push = (stream, matches) => tell(stream, new WatchStreamCommand.Push(matches));
    }

    /// <summary>Everything up to here was pushed.</summary>
    public long Revision => _root.CurrentRevision;

    /// <summary>Watchers pushed to now.</summary>
    public int LiveCount => _matcher.LiveCount;

    /// <summary>Watchers known.</summary>
    public int WatcherCount => _matcher.Count;

    /// <summary>A batch was applied.</summary>
    public void Applied(IWatchHistory root, IReadOnlyList<KeyVersion> changes)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(changes);
        if (changes.Count > 0 && changes[0].ModRevision <= Revision)
        {
            throw new InvalidOperationException($"change at {changes[0].Revision} after everything up to {Revision} was pushed");
        }
        _root = root;
        _matcher.Match(changes, root, _push);
        AnswerProgress();
    }

    /// <summary>History was replaced: every stream reads on from its own place.</summary>
    public void Replaced(IWatchHistory root)
    {
        ArgumentNullException.ThrowIfNull(root);
        var pushed = Revision;
        foreach (var stream in _matcher.LeaveAll())
        {
            _tell(stream, new WatchStreamCommand.Left(pushed));
        }
        _root = root;
        AnswerProgress();
    }

    /// <summary>See <see cref="WatchHubCommand.Join"/>.</summary>
    /// <returns>Whether the stream was unknown until now.</returns>
    public bool Join(TStream stream, IReadOnlyList<WatchCursor> cursors)
    {
        var isNew = _matcher.Join(stream, cursors);
        _tell(stream, new WatchStreamCommand.Joined(cursors, _root));
        return isNew;
    }

    /// <summary>See <see cref="WatchHubCommand.Leave"/>.</summary>
    public void Leave(IReadOnlyList<WatchCursor> cursors) => _matcher.Leave(cursors);

    /// <summary>See <see cref="WatchHubCommand.Remove"/>.</summary>
    public void Remove(WatchCursor cursor) => _matcher.Remove(cursor);

    /// <summary>The stream is no more.</summary>
    public void RemoveStream(TStream stream)
    {
        _matcher.RemoveStream(stream);
        _asking.RemoveAll(asking => ReferenceEquals(asking.Stream, stream));
    }

    /// <summary>See <see cref="WatchHubCommand.AskProgress"/>.</summary>
    public void AskProgress(TStream stream, WatchHubCommand.AskProgress ask)
    {
        ArgumentNullException.ThrowIfNull(ask);
        if (ask.AtLeast <= Revision)
        {
            _tell(stream, new WatchStreamCommand.ProgressAt(Revision, ask.Periodic));
        }
        else
        {
            _asking.Add((stream, ask));
        }
    }

    private void AnswerProgress()
    {
        if (_asking.Count == 0)
        {
            return;
        }
        var asking = _asking.ToArray();
        _asking.Clear();
        foreach (var (stream, ask) in asking)
        {
            AskProgress(stream, ask);
        }
    }
}

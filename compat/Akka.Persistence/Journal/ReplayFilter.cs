using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Pattern;

namespace Akka.Persistence.Journal;

/// <summary>What to do with events that two writers seem to have stored side by side.</summary>
public enum ReplayFilterMode
{
    /// <summary>The replay fails.</summary>
    Fail,

    /// <summary>It is logged.</summary>
    Warn,

    /// <summary>The events of the older writer are left out, and it is logged.</summary>
    RepairByDiscardOld,

    /// <summary>Nobody looks.</summary>
    Disabled,
}

internal sealed record ReplayFilterSettings(ReplayFilterMode Mode, int WindowSize, int MaxOldWriters)
{
    public static ReplayFilterSettings Read(Config config)
    {
        var mode = config.GetString("replay-filter.mode", "").ToLowerInvariant() switch
        {
            "off" => ReplayFilterMode.Disabled,
            "repair-by-discard-old" => ReplayFilterMode.RepairByDiscardOld,
            "fail" => ReplayFilterMode.Fail,
            "warn" => ReplayFilterMode.Warn,
            var other => throw new ConfigurationException(
                $"Invalid replay-filter.mode [{other}], supported values [off, repair-by-discard-old, fail, warn]"),
        };
        return new ReplayFilterSettings(mode, config.GetInt("replay-filter.window-size"), config.GetInt("replay-filter.max-old-writers"));
    }
}

/// <summary>
/// Holds back a window of replayed events. When a new writer's event comes, events of the writer before it with the same or a
/// higher number turn out to be those of an actor that wrote on after it had been replaced.
/// </summary>
internal sealed class ReplayFilter(IActorRef target, ReplayFilterSettings settings, ILoggingAdapter log)
{
    private readonly LinkedList<IPersistentRepresentation> _window = new();
    private readonly LinkedList<string> _oldWriters = new();
    private string _writer = "";
    private long _sequenceNr;

    /// <summary>Whether the replay has been answered with a failure; what follows is dropped.</summary>
    public bool Failed { get; private set; }

    public void Take(IPersistentRepresentation persistent)
    {
        if (Failed) return;
        if (_window.Count == settings.WindowSize && _window.First is { } oldest)
        {
            _window.RemoveFirst();
            Send(oldest.Value);
        }

        if (persistent.WriterGuid == _writer)
        {
            if (persistent.SequenceNr >= _sequenceNr)
            {
                _window.AddLast(persistent);
                _sequenceNr = persistent.SequenceNr;
            }
            else if (Keeps(persistent, $"its number is below [{_sequenceNr}] of the same writer"))
            {
                _window.AddLast(persistent);
            }
        }
        else if (_oldWriters.Contains(persistent.WriterGuid))
        {
            if (Keeps(persistent, $"a newer writer [{_writer}] has already replayed [{_sequenceNr}]")) _window.AddLast(persistent);
        }
        else
        {
            NewWriter(persistent);
        }
    }

    /// <summary>Lets the window go, at the end of the replay.</summary>
    public void Flush()
    {
        foreach (var persistent in _window) Send(persistent);
        _window.Clear();
    }

    private void NewWriter(IPersistentRepresentation persistent)
    {
        if (_writer.Length > 0) _oldWriters.AddLast(_writer);
        if (_oldWriters.Count > settings.MaxOldWriters) _oldWriters.RemoveFirst();
        _writer = persistent.WriterGuid;
        _sequenceNr = persistent.SequenceNr;
        for (var node = _window.First; node is not null && !Failed;)
        {
            var next = node.Next;
            if (node.Value.SequenceNr >= _sequenceNr
                && !Keeps(node.Value, $"a newer writer [{_writer}] has stored [{_sequenceNr}]"))
            {
                _window.Remove(node);
            }

            node = next;
        }

        if (!Failed) _window.AddLast(persistent);
    }

    private bool Keeps(IPersistentRepresentation persistent, string why)
    {
        var problem = $"Invalid replayed event [sequenceNr={persistent.SequenceNr}, writerUUID={persistent.WriterGuid}] of persistenceId [{persistent.PersistenceId}]: {why}. "
            + "Perhaps events were journaled out of sequence, or two actors share a PersistenceId?";
        if (settings.Mode != ReplayFilterMode.Fail)
        {
            log.Warning("{0}", problem);
            return settings.Mode == ReplayFilterMode.Warn;
        }

        log.Error("{0}", problem);
        Failed = true;
        _window.Clear();
        target.Tell(new ReplayMessagesFailure(new IllegalStateException(problem)), ActorRefs.NoSender);
        return false;
    }

    private void Send(IPersistentRepresentation persistent) => target.Tell(new ReplayedMessage(persistent), ActorRefs.NoSender);
}

using Akka.Actor;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Publishes what happens to connections, and logs it from a level up.</summary>
internal sealed class EventPublisher(ActorSystem system, ILoggingAdapter log, string minimum)
{
    // off: above every level
    private readonly int _minimum = minimum.ToUpperInvariant() switch
    {
        "OFF" or "FALSE" or "NO" => int.MaxValue,
        "ON" or "TRUE" or "YES" => (int)LogLevel.DebugLevel,
        _ => (int)Logging.LogLevelFor(minimum),
    };

    internal void Publish(RemotingLifecycleEvent happened)
    {
        system.EventStream.Publish(happened);
        var level = happened.LogLevel();
        if ((int)level >= _minimum && log.IsEnabled(level)) log.Log(level, null, happened.ToString());
    }
}

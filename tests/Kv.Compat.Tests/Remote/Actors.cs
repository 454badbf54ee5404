using System.Threading.Channels;
using Akka.Actor;

namespace Kv.Compat.Tests.Remote;

/// <summary>Answers with what it gets.</summary>
internal sealed class Echo : UntypedActor
{
    protected override void OnReceive(object message) => Sender.Tell(message);
}

/// <summary>Answers "who" with its own ref, and hands anything else to a channel.</summary>
internal sealed class Collector : UntypedActor
{
    private readonly ChannelWriter<object> _sink;

    public Collector(ChannelWriter<object> sink) => _sink = sink;

    protected override void OnReceive(object message)
    {
        if (message is "who") Sender.Tell(Self);
        else if (!_sink.TryWrite(message)) throw new InvalidOperationException("The channel is full.");
    }
}

internal static class Collecting
{
    /// <summary>A collector on a node, and what it gets.</summary>
    public static ChannelReader<object> Collect(this Node node, string name)
    {
        var channel = Channel.CreateUnbounded<object>();
        node.System.ActorOf(Props.Create(() => new Collector(channel.Writer)), name);
        return channel.Reader;
    }

    public static async Task<object> NextAsync(this ChannelReader<object> reader, int seconds = 20)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        return await reader.ReadAsync(limit.Token);
    }
}

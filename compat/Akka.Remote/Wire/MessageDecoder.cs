using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote.Wire;

/// <summary>Reads messages from one connection and hands them to actors here, on the thread that calls.</summary>
internal sealed class MessageDecoder(Remoting remoting, Association peer, bool forUs)
{
    private readonly InboundNames _names = new();
    private readonly RemoteActorRefProvider _provider = remoting.Provider;

    /// <returns>The number of the system message it was; 0 for ordinary ones.</returns>
    /// <exception cref="ProtocolException">The frame is malformed.</exception>
    public long Deliver(FrameReader frame)
    {
        var flags = frame.Byte();
        if ((flags & Frame.NamesForgotten) != 0) _names.Forget();
        var number = (flags & Frame.System) != 0 ? (long)frame.Varint() : 0;
        var recipientName = _names.Read(ref frame) ?? throw new ProtocolException("A message without recipient.");
        var steps = (flags & Frame.BySelection) != 0 ? _names.Read(ref frame) ?? throw new ProtocolException("A selection without steps.") : null;
        var senderName = _names.Read(ref frame);
        var serializerId = frame.Zigzag();
        var manifest = _names.Read(ref frame)?.Text ?? "";
        if (number != 0 && !peer.AcceptsSystemMessage(number)) return number;
        if (forUs) Deliver(recipientName, steps, (flags & Frame.FannedOut) != 0, senderName, serializerId, manifest, frame.Rest.ToArray());
        else remoting.Log.Error("Dropping message to non-local recipient [{0}] from [{1}]: inbound addresses are [{2}]", recipientName.Text, peer.Remote, string.Join(',', remoting.Addresses));
        return number;
    }

    private void Deliver(Name recipientName, Name steps, bool fannedOut, Name senderName, int serializerId, string manifest, byte[] payload)
    {
        var recipient = Recipient(recipientName);
        object message;
        try
        {
            message = remoting.System.Serialization.DeserializeFromPeer(payload, serializerId, manifest);
        }
        catch (Exception e)
        {
            remoting.Log.Error(e, "Message of serializer [{0}] and manifest [{1}] from [{2}] to [{3}] cannot be read and is dropped; the association remains live", serializerId, manifest, peer.Remote, recipient);
            return;
        }

        if (_provider.RemoteSettings.LogReceive && remoting.Log.IsDebugEnabled)
            remoting.Log.Debug("received message [{0}] to [{1}] from [{2}]", message.GetType(), recipient, senderName?.Text ?? "nobody");
        var sender = Sender(senderName);
        if (steps is not null) DeliverSelection(recipient, steps, message, sender, fannedOut);
        else if (remoting.IsUntrusted && message is IPossiblyHarmful) remoting.Log.Debug("operating in UntrustedMode, dropping inbound IPossiblyHarmful message of type {0}", message.GetType());
        else if (message is ISystemMessage system) recipient.SendSystemMessage(system);
        else recipient.Tell(message, sender);
    }

    private void DeliverSelection(IInternalActorRef recipient, Name steps, object message, IActorRef sender, bool fannedOut)
    {
        var way = (Way)(steps.Resolved ??= WayOf(Steps.FromText(steps.Text)));

        // A trusted path counts from the root: the same steps from an actor inside are another way.
        if (remoting.IsUntrusted && (!way.IsTrusted || message is IPossiblyHarmful || !recipient.Equals(_provider.RootGuardian)))
        {
            remoting.Log.Debug("operating in UntrustedMode, dropping inbound actor selection to [{0}], allow it by adding the path to 'akka.remote.trusted-selection-paths'", way);
            return;
        }

        // Walked on this thread: a busy actor on the way does not hold the message up.
        ActorSelection.Walk(recipient, sender, new ActorSelectionMessage(message, way.Elements, fannedOut));
    }

    private Way WayOf(SelectionPathElement[] elements) => new(elements, _provider.RemoteSettings.TrustedSelectionPaths.Contains(Way.Text(elements)));

    /// <summary>The steps of a selection; whether they are trusted is looked up once.</summary>
    private sealed record Way(SelectionPathElement[] Elements, bool IsTrusted)
    {
        public static string Text(SelectionPathElement[] elements) => "/" + string.Join<SelectionPathElement>('/', elements);

        public override string ToString() => Text(Elements);
    }

    // A ref that has stopped is looked up again: a path without uid means whoever lives there now.
    private IInternalActorRef Recipient(Name name)
    {
        if (name.Resolved is IInternalActorRef { IsTerminated: false } known) return known;
        var found = _provider.ResolveLocal(name.Text);
        name.Resolved = found;
        return found;
    }

    private IActorRef Sender(Name name)
    {
        if (name is null) return ActorRefs.NoSender;
        if (name.Resolved is IActorRef known) return known;
        IActorRef found;
        if (!name.Text.StartsWith('/')) found = _provider.ResolveActorRef(name.Text);
        else if (ActorPath.TryParse(peer.Remote + name.Text, out var path)) found = _provider.MakeRemoteRef(path, remoting.DefaultAddress);
        else throw new ProtocolException($"A sender at [{name.Text}].");
        name.Resolved = found;
        return found;
    }
}

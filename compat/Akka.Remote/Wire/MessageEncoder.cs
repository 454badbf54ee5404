using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Event;

namespace Akka.Remote.Wire;

/// <summary>A message on its way to another system.</summary>
internal readonly record struct Outbound(object Message, IActorRef Sender, RemoteActorRef Recipient);

/// <summary>Writes messages as frames, for one connection. Messages it cannot write are logged and dropped; the connection goes on.</summary>
internal sealed class MessageEncoder(Remoting remoting)
{
    // Fields of a frame beside names and payload, at their longest.
    private const int Overhead = 64;

    private readonly OutboundNames _names = new();
    private readonly int _maxFrame = remoting.TransportSettings.MaxFrameSize;

    /// <param name="buffer">Where to.</param>
    /// <param name="message">What.</param>
    /// <param name="systemNumber">Of a system message; 0 for ordinary ones.</param>
    /// <returns>Whether something was written.</returns>
    public bool Encode(FrameBuffer buffer, in Outbound message, long systemNumber = 0)
    {
        var selection = message.Message as ActorSelectionMessage;
        var payload = selection is null ? message.Message : selection.Message;
        byte[] bytes;
        string manifest;
        int serializerId;
        try
        {
            var serializer = remoting.System.Serialization.FindSerializerFor(payload);
            serializerId = serializer.Identifier;
            manifest = Akka.Serialization.Serialization.ManifestFor(serializer, payload);
            bytes = serializer.ToBinary(payload);
        }
        catch (Exception e) when (e is SerializationException or ArgumentException)
        {
            remoting.Log.Error(e, "Message [{0}] from [{1}] to [{2}] cannot be serialized and is dropped; the association remains live", payload.GetType(), message.Sender, message.Recipient);
            return false;
        }

        var size = bytes.Length + manifest.Length + message.Recipient.WirePath.Length + Overhead;
        if (size > _maxFrame)
        {
            remoting.Log.Error("Discarding oversized payload sent to [{0}]: max allowed size {1} bytes, actual size of encoded [{2}] was {3} bytes; the association remains live", message.Recipient, _maxFrame, payload.GetType(), size);
            return false;
        }

        Write(buffer, message, selection, systemNumber, serializerId, manifest, bytes);
        if (remoting.Provider.RemoteSettings.LogSend && remoting.Log.IsDebugEnabled)
            remoting.Log.Debug("sending message [{0}] of {1} bytes to [{2}] from [{3}]", payload.GetType(), bytes.Length, message.Recipient, message.Sender);
        return true;
    }

    private void Write(FrameBuffer buffer, in Outbound message, ActorSelectionMessage selection, long systemNumber, int serializerId, string manifest, byte[] payload)
    {
        var flags = 0;
        if (_names.MakeRoom()) flags |= Frame.NamesForgotten;
        if (systemNumber != 0) flags |= Frame.System;
        if (selection is not null) flags |= selection.WildCardFanOut ? Frame.BySelection | Frame.FannedOut : Frame.BySelection;
        var start = buffer.Begin(FrameKind.Message);
        buffer.Byte((byte)flags);
        if (systemNumber != 0) buffer.Varint((ulong)systemNumber);
        if (message.Recipient.IsTemporary) _names.WriteOnce(buffer, message.Recipient.WirePath);
        else _names.Write(buffer, message.Recipient.WirePath);
        if (selection is not null) _names.Write(buffer, selection.Elements, static elements => Steps.ToText(elements));
        WriteSender(buffer, message.Sender);
        buffer.Zigzag(serializerId);
        if (manifest.Length == 0) _names.WriteNone(buffer);
        else _names.Write(buffer, manifest);
        buffer.Bytes(payload);
        buffer.End(start);
    }

    private void WriteSender(FrameBuffer buffer, IActorRef sender)
    {
        if (sender is null or Nobody) _names.WriteNone(buffer);
        else if (sender.Path is { Depth: 2 } path && path.Parent.Name == "temp") _names.WriteOnce(buffer, PathOf(sender));
        else _names.Write(buffer, sender, PathOf);
    }

    private string PathOf(IActorRef actor)
    {
        if (actor is RemoteActorRef) return actor.Path.ToSerializationFormat();
        var path = actor.Path;
        return path.Uid == 0 ? path.ToStringWithoutAddress() : $"{path.ToStringWithoutAddress()}#{path.Uid}";
    }
}

/// <summary>The steps of a selection as text: "=child", "~pattern" and "." for up.</summary>
internal static class Steps
{
    public static string ToText(SelectionPathElement[] elements)
    {
        var text = new StringBuilder();
        foreach (var element in elements)
        {
            if (text.Length > 0) text.Append('/');
            switch (element)
            {
                case SelectChildName child: text.Append('=').Append(child.Name); break;
                case SelectChildPattern pattern: text.Append('~').Append(pattern.PatternStr); break;
                default: text.Append('.'); break;
            }
        }

        return text.ToString();
    }

    public static SelectionPathElement[] FromText(string text) =>
        text.Length == 0 ? [] : [.. text.Split('/').Select(FromStep)];

    private static SelectionPathElement FromStep(string step) => step switch
    {
        "." => new SelectParent(),
        ['=', .. var name] => new SelectChildName(name),
        ['~', .. var pattern] => new SelectChildPattern(pattern),
        _ => throw new ProtocolException($"A selection with step [{step}]."),
    };
}

namespace Akka.Remote.Wire;

/// <summary>Kinds of frames.</summary>
internal enum FrameKind : byte
{
    Hello = 1,
    Welcome = 2,
    Refuse = 3,
    Message = 4,
    Ping = 5,
    Pong = 6,
    Goodbye = 7,
    SystemAck = 8,
}

/// <summary>What goes over a connection. Everything little-endian.</summary>
/// <remarks><code>
/// A connection begins, from both sides, with the preamble:
///  offset  size  field
///       0     4  magic    "KvR1"; the digit is the version
/// then frames:
///       0     4  length   of what follows; at most 1024 until the peer is known, then maximum-frame-size
///       4     1  kind     FrameKind
///       5     n  body
///
/// who connects            who accepts
///   Hello      ──────────►              who I am, whom I look for
///              ◄──────────  Welcome     who I am, and whether I answer on this connection     (or Refuse: a reason)
///   Message …  ──────────►              in order
///              ◄──────────  Message …   if Welcome said so
///   Ping       ──────────►              each heartbeat-interval
///              ◄──────────  Pong
///   Goodbye    ──────────►              no failure: the system ends
///
/// Hello      varint protocol (1), int32 uid, text own address, text address of the system looked for
/// Welcome    varint protocol (1), int32 uid, byte answers (1: messages come on this connection as well)
/// Refuse     byte reason (RefuseReason), text
/// SystemAck  varint number of the last system message received (of this incarnation of the sender)
/// Message    byte   flags       1 names forgotten   2 by selection   4 selection fanned out   8 system message
///            varint number      of a system message, from 1 up, if flag 8
///            name   recipient   path below the recipient's root, with #uid if known
///            name   steps       if flag 2: "=child", "~pattern" and "." (up), joined by '/'
///            name   sender      path below the sender's root; a full path if it lives elsewhere; 0 if none
///            varint serializer  zigzag
///            name   manifest
///            …      payload     to the end
///
/// varint     7 bits a byte, lowest first, high bit: more follow
/// text       varint length in bytes, UTF-8
/// name       varint 0: none   1: text follows   2: text follows and gets the next number, from 0   n &gt; 2: the text numbered n - 3
///            Each direction numbers its own; flag 1 forgets all before this message's own.
/// </code></remarks>
internal static class Frame
{
    public const int HeaderBytes = 4;
    public const int MaxGreetingBytes = 1024;
    public const int Protocol = 1;

    /// <summary>Names that one side keeps for the other; as many on both sides.</summary>
    public const int MaxNames = 1024;

    public const byte NamesForgotten = 1;
    public const byte BySelection = 2;
    public const byte FannedOut = 4;
    public const byte System = 8;

    public static ReadOnlySpan<byte> Magic => "KvR1"u8;
}

/// <summary>Why a connection is refused.</summary>
internal enum RefuseReason : byte
{
    Quarantined = 1,
    ShuttingDown = 2,
    Protocol = 3,
}

/// <summary>The peer broke the format.</summary>
internal sealed class ProtocolException(string message) : RemoteTransportException(message);

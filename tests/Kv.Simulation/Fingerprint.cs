using System.Numerics;

namespace Kv.Simulation;

/// <summary>A rolling hash of everything that happened, in order: two histories with one hash are taken for the same.</summary>
internal sealed class Fingerprint
{
    private ulong _state = 0x9E3779B97F4A7C15;

    /// <summary>The hash so far.</summary>
    public ulong Value => _state;

    /// <summary>Events so far.</summary>
    public long Events { get; private set; }

    /// <summary>Adds an event.</summary>
    public void Add(Happening what, long a, long b, long c)
    {
        Events++;
        Mix((ulong)what);
        Mix((ulong)a);
        Mix((ulong)b);
        Mix((ulong)c);
    }

    /// <summary>Adds bytes, such as a message or an answer.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            Mix(BitConverter.ToUInt64(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes) Mix(value);
    }

    /// <summary>A text's hash that is the same in every process.</summary>
    public static long Of(string text)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var character in text) hash = (hash ^ character) * 0x100000001B3UL;
        return (long)hash;
    }

    private void Mix(ulong value) => _state = BitOperations.RotateLeft((_state ^ value) * 0xD6E8FEB86659FD93UL, 29) + 0x632BE59BD9B4E019UL;
}

/// <summary>Kinds of events that a history consists of; the legend of a trace is in the README.</summary>
internal enum Happening
{
    /// <summary>A process begins on a machine.</summary>
    Start,

    /// <summary>A process is gone.</summary>
    Stop,

    /// <summary>A turn of an actor or of a continuation.</summary>
    Turn,

    /// <summary>A timer has run out.</summary>
    Timer,

    /// <summary>A step of the log or of background work.</summary>
    Work,

    /// <summary>An operation of a disk.</summary>
    Disk,

    /// <summary>A message has left a member.</summary>
    Send,

    /// <summary>A message has come.</summary>
    Deliver,

    /// <summary>A message is lost.</summary>
    Lose,

    /// <summary>A client asks.</summary>
    Ask,

    /// <summary>A client has its answer.</summary>
    Answer,

    /// <summary>A fault begins or ends.</summary>
    Fault,

    /// <summary>A line of a member's log.</summary>
    Log,
}

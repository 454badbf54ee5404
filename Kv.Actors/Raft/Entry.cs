namespace Kv.Actors.Raft;

/// <summary>What an entry's bytes are. The numbers are etcd's.</summary>
public enum EntryType : byte
{
    /// <summary>The application's bytes; empty ones mark the start of a leader's term and do nothing.</summary>
    Normal = 0,

    /// <summary>A <see cref="Raft.ConfChange"/>: one member.</summary>
    ConfChange = 1,

    /// <summary>A <see cref="Raft.ConfChangeV2"/>: any number of members, possibly through a joint configuration.</summary>
    ConfChangeV2 = 2,
}

/// <summary>One log entry. Immutable, and its bytes must be: log, messages and journal share them without a copy.</summary>
public sealed class Entry(ulong term, ulong index, EntryType type, ReadOnlyMemory<byte> data)
{
    /// <summary>What an entry counts for beyond its payload wherever bytes are bounded: its fields on the wire at their largest.</summary>
    public const int OverheadBytes = 24;

    /// <summary>The term of the leader that made it; 0 in a proposal on its way to the leader.</summary>
    public ulong Term { get; } = term;

    /// <summary>Position in the log, from 1; 0 in a proposal on its way to the leader.</summary>
    public ulong Index { get; } = index;

    /// <summary>What <see cref="Data"/> is.</summary>
    public EntryType Type { get; } = type;

    /// <summary>The payload; may be empty.</summary>
    public ReadOnlyMemory<byte> Data { get; } = data;

    /// <summary>Bytes this entry counts for in message, in-flight and apply budgets.</summary>
    public int Size => Data.Length + OverheadBytes;

    /// <summary>Whether applying it may change the membership.</summary>
    public bool IsConfChange => Type != EntryType.Normal;

    /// <summary>Term, index, type and length: never the payload.</summary>
    public override string ToString() => $"{Term}/{Index} {Type} {Data.Length}B";
}

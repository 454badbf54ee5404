using System.Buffers.Binary;
using Kv.Persistence.Io;
using Kv.Persistence.Wal;

namespace Kv.Persistence.Etcd;

/// <summary>One entry of etcd's log, without its bytes.</summary>
/// <param name="Index">Where it stands.</param>
/// <param name="Term">The leader's term.</param>
/// <param name="IsConfChange">It changes the membership.</param>
/// <param name="IsRequest">It may change keys, leases, alarms or users. A new leader's first entry does not, nor do the members' names and
/// URLs and the cluster's version, in whichever form a release of etcd writes those.</param>
public readonly record struct EtcdEntry(ulong Index, ulong Term, bool IsConfChange, bool IsRequest);

/// <summary>What etcd's log says of a member: read to judge whether its directory can be taken over.</summary>
/// <remarks><code>
///  file     0000000000000003-0000000000012345.wal    sequence, first index
///  frame    length, 8 bytes little-endian: the low 56 bits; the top byte says how many bytes of padding follow
///           record: message { 1 type  2 crc  3 data }
///           a length of 0 ends the file, which is filled with zeros in advance
///  types    1 metadata { 1 node  2 cluster }          2 entry { 1 type  2 term  3 index  4 data }
///           3 hard state { 1 term  2 vote  3 commit } 4 crc: begins a file with the sum of the one before
///           5 snapshot { 1 index  2 term }
///  crc      CRC-32C over the data of all records so far
/// </code>
/// The same from etcd 3.4 to 3.6. An entry replaces those at and after its index. A torn tail is an error here: etcd cuts it off
/// when it starts, and a directory that it stopped cleanly has none.
/// </remarks>
public sealed class EtcdWal
{
    private const int Metadata = 1, Entry = 2, State = 3, Crc = 4, Snapshot = 5;
    private readonly List<EtcdEntry> _entries = [];
    private bool _hasMetadata;
    private uint _crc;

    private EtcdWal()
    {
    }

    /// <summary>The member whose log it is.</summary>
    public ulong NodeId { get; private set; }

    /// <summary>Its cluster.</summary>
    public ulong ClusterId { get; private set; }

    /// <summary>Raft's term.</summary>
    public ulong Term { get; private set; }

    /// <summary>Highest index known committed.</summary>
    public ulong Commit { get; private set; }

    /// <summary>Index of the newest snapshot; 0 if there was none.</summary>
    public ulong SnapshotIndex { get; private set; }

    /// <summary>Its term.</summary>
    public ulong SnapshotTerm { get; private set; }

    /// <summary>The entries there are, in order of index.</summary>
    public IReadOnlyList<EtcdEntry> Entries => _entries;

    /// <summary>Whether <paramref name="name"/> is that of a file of etcd's log.</summary>
    public static bool IsSegment(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length == 37 && name[16] == '-' && name.EndsWith(".wal", StringComparison.Ordinal);
    }

    /// <summary>Reads the log in <paramref name="directory"/>. Changes nothing.</summary>
    /// <exception cref="DamagedFileException">A record is not what was written, or there is no log.</exception>
    public static EtcdWal Read(IDisk disk, string directory)
    {
        ArgumentNullException.ThrowIfNull(disk);
        var wal = new EtcdWal();
        if (disk.DirectoryExists(directory))
        {
            foreach (var name in disk.List(directory).Where(IsSegment))     // by sequence, for names have one length
            {
                using var file = disk.Open($"{directory}/{name}", DiskOpen.Read);
                var bytes = new byte[file.Length];
                wal.Read(file.Path, bytes.AsSpan(0, file.Read(bytes, 0)));
            }
        }
        return wal._hasMetadata ? wal : throw new DamagedFileException(directory, 0, "it holds no log that says whose it is");
    }

    private void Read(string path, ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at + 8 <= bytes.Length;)
        {
            var frame = BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
            if (frame == 0)
            {
                return;
            }
            var length = frame & 0x00ff_ffff_ffff_ffff;
            var padding = frame < 0 ? (int)((ulong)frame >> 56) & 7 : 0;
            if (length + padding > bytes.Length - at - 8)
            {
                throw new DamagedFileException(path, at, $"a record of {length} bytes does not fit: was etcd stopped cleanly?");
            }
            if (!Take(bytes.Slice(at + 8, (int)length)))
            {
                throw new DamagedFileException(path, at, "a record's checksum does not fit: was etcd stopped cleanly?");
            }
            at += 8 + (int)length + padding;
        }
    }

    /// <summary>False if the record is damaged.</summary>
    private bool Take(ReadOnlySpan<byte> record)
    {
        ulong type = 0, crc = 0;
        ReadOnlySpan<byte> data = default;
        var fields = new Fields(record);
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case 1: type = fields.Value; break;
                case 2: crc = fields.Value; break;
                case 3: data = fields.Bytes; break;
            }
        }
        if (fields.IsBad)
        {
            return false;
        }
        if (type == Crc)
        {
            var follows = _crc == 0 || _crc == (uint)crc;
            _crc = (uint)crc;
            return follows;
        }
        _crc = Crc32C.Append(_crc, data);
        return _crc == (uint)crc && Keep((int)type, data);
    }

    private bool Keep(int type, ReadOnlySpan<byte> data)
    {
        Span<ulong> numbers = stackalloc ulong[4];
        var isRequest = false;
        var fields = new Fields(data);
        while (fields.Next())
        {
            if (type == Entry && fields.Number == 4)
            {
                isRequest = IsRequest(fields.Bytes);
            }
            else if (fields.Number is >= 1 and <= 3)
            {
                numbers[fields.Number] = fields.Value;
            }
        }
        switch (type)
        {
            case Metadata:
                (_hasMetadata, NodeId, ClusterId) = (true, numbers[1], numbers[2]);
                break;
            case Entry:
                while (_entries.Count > 0 && _entries[^1].Index >= numbers[3])
                {
                    _entries.RemoveAt(_entries.Count - 1);
                }
                _entries.Add(new EtcdEntry(numbers[3], numbers[2], numbers[1] != 0, isRequest && numbers[1] == 0));
                break;
            case State:
                (Term, Commit) = (numbers[1], numbers[3]);
                break;
            case Snapshot when numbers[1] >= SnapshotIndex:
                (SnapshotIndex, SnapshotTerm) = (numbers[1], numbers[2]);
                break;
        }
        return !fields.IsBad;
    }

    /// <summary>Whether an entry's bytes are a request to the store: message { 1 id  2 v2 request  3… bodies  100 header  1300… membership }.</summary>
    /// <remarks>etcd 3.4 writes membership as v2 requests: as field 2, or bare, when field 2 is the verb.</remarks>
    private static bool IsRequest(ReadOnlySpan<byte> data)
    {
        var hasBody = false;
        var fields = new Fields(data);
        while (fields.Next())
        {
            if (fields.Number == 2)
            {
                return false;
            }
            hasBody |= fields.Number is >= 3 and < 1300 and not 100;
        }
        return hasBody || fields.IsBad;                        // what cannot be read is not said to be harmless
    }

    /// <summary>The fields of a protobuf message: numbers as they are, and bytes.</summary>
    private ref struct Fields(ReadOnlySpan<byte> message)
    {
        private ReadOnlySpan<byte> _rest = message;

        public int Number { get; private set; }

        public ulong Value { get; private set; }

        public ReadOnlySpan<byte> Bytes { get; private set; }

        public bool IsBad { get; private set; }

        public bool Next()
        {
            if (_rest.IsEmpty || IsBad)
            {
                return false;
            }
            var tag = Varint();
            Number = (int)(tag >> 3);
            Value = 0;
            Bytes = default;
            switch (tag & 7)
            {
                case 0:
                    Value = Varint();
                    break;
                case 2 when Varint() is var length && length <= (ulong)_rest.Length:
                    Bytes = _rest[..(int)length];
                    _rest = _rest[(int)length..];
                    break;
                default:
                    IsBad = true;
                    break;
            }
            return !IsBad;
        }

        private ulong Varint()
        {
            var value = 0UL;
            for (var i = 0; i < 10 && i < _rest.Length; i++)
            {
                value |= (ulong)(_rest[i] & 0x7f) << (7 * i);
                if (_rest[i] < 0x80)
                {
                    _rest = _rest[(i + 1)..];
                    return value;
                }
            }
            IsBad = true;
            return 0;
        }
    }
}

namespace Kv.Actors.Model;

/// <summary>One change of one key: its value after a put, or the mark of a delete. Immutable, shared by store, history and watchers.</summary>
/// <remarks>It is also the event of that change: a watch's PUT or DELETE carries exactly these fields. Source: reference, data model.</remarks>
public sealed class KeyVersion
{
    /// <summary>The key after a put.</summary>
    /// <param name="key">Kept, not copied.</param>
    /// <param name="value">Kept, not copied.</param>
    /// <param name="mod">Where in history the put stands.</param>
    /// <param name="createRevision">Main revision of the first put of this generation.</param>
    /// <param name="version">Puts in this generation, this one included.</param>
    /// <param name="lease">The lease attached by this put.</param>
    public KeyVersion(byte[] key, byte[] value, Revision mod, long createRevision, long version, LeaseId lease)
    {
        Key = key;
        Value = value;
        ModRevision = mod.Main;
        Sub = mod.Sub;
        CreateRevision = createRevision;
        Version = version;
        Lease = lease;
    }

    private KeyVersion(byte[] key, Revision mod)
        : this(key, [], mod, 0, 0, LeaseId.None)
    {
    }

    /// <summary>The key's bytes; never changed by anyone.</summary>
    public byte[] Key { get; }

    /// <summary>The value's bytes; empty for a tombstone.</summary>
    public byte[] Value { get; }

    /// <summary>Main revision of this change.</summary>
    public long ModRevision { get; }

    /// <summary>Main revision of the put that began this generation; 0 for a tombstone.</summary>
    public long CreateRevision { get; }

    /// <summary>Puts in this generation; 0 for a tombstone.</summary>
    public long Version { get; }

    /// <summary>The lease attached; none for a tombstone.</summary>
    public LeaseId Lease { get; }

    /// <summary>Position inside the transaction.</summary>
    public int Sub { get; }

    /// <summary>A delete.</summary>
    public bool IsTombstone => Version == 0;

    /// <summary>A put that began a generation.</summary>
    public bool IsCreate => Version != 0 && CreateRevision == ModRevision;

    /// <summary>Main and sub together.</summary>
    public Revision Revision => new(ModRevision, Sub);

    /// <summary>The mark a delete leaves: key and revision only.</summary>
    public static KeyVersion Tombstone(byte[] key, Revision mod) => new(key, mod);
}

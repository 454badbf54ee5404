namespace Kv.Testing.History;

/// <summary>A key's state as answers show it.</summary>
public sealed record KeyRecord(string Key, string Value, long CreateRevision, long ModRevision, long Version, long Lease)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{Key}={Value}" + (ModRevision == 0 ? "" : $" (mod {ModRevision}, create {CreateRevision}, version {Version}{(Lease == 0 ? "" : $", lease {Lease:x}")})");
}

using System.Text.Json;
using Kv.Actors.Cluster;
using Kv.Persistence.Io;

namespace Kv.Actors.Node;

/// <summary>The file that says who a data directory belongs to: <c>member/kvactors-member</c>.</summary>
internal static class IdentityFile
{
    private const string Name = "kvactors-member";

    /// <summary>What it says; null when there is none, for this is a first start.</summary>
    /// <exception cref="DamagedFileException">It is not what was written.</exception>
    public static MemberIdentity? Read(IDisk disk, string dataDir)
    {
        var path = $"{dataDir}/member/{Name}";
        if (!disk.FileExists(path))
        {
            return null;
        }
        using var file = disk.Open(path, DiskOpen.Read);
        var bytes = new byte[file.Length];
        try
        {
            return MemberIdentity.FromJson(bytes.AsSpan(0, file.Read(bytes, 0)));
        }
        catch (JsonException bad)
        {
            throw new DamagedFileException(path, 0, bad.Message);
        }
    }

    /// <summary>Writes it; durable when this returns.</summary>
    public static void Write(IDisk disk, string dataDir, MemberIdentity identity)
    {
        var path = $"{dataDir}/member/{Name}";
        var temporary = path + ".tmp";
        if (disk.FileExists(temporary))
        {
            disk.Delete(temporary);
        }
        using (var file = disk.Open(temporary, DiskOpen.Create))
        {
            file.Write(identity.ToJson(), 0);
            file.Sync();
        }
        disk.Rename(temporary, path);
        disk.SyncDirectory($"{dataDir}/member");
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Kv.Testing.Processes;

/// <summary>A file system of its own with little room, in memory, that only processes started through <see cref="Launcher"/> see.</summary>
/// <remarks>
/// It lives in a user and mount namespace, which needs no root where unprivileged namespaces are allowed. A process that does
/// nothing keeps it; it is gone when that one ends.
/// </remarks>
public sealed class SmallDisk : IAsyncDisposable
{
    private readonly Process _keeper;

    private SmallDisk(Process keeper, string folder)
    {
        _keeper = keeper;
        Folder = folder;
    }

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    /// <summary>The command that runs another one where the disk is.</summary>
    public string[] Launcher => ["nsenter", "--preserve-credentials", "--user", "--mount", "--target", $"{_keeper.Id}"];

    /// <summary>Why there can be none on this machine; null if there can.</summary>
    public static string? Obstacle()
    {
        foreach (var program in (string[])["unshare", "nsenter", "mount"])
        {
            if (!Command.Exists(program))
            {
                return $"{program} is not installed";
            }
        }
        using var probe = Command.Start("unshare", ["--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]);
        probe.StandardInput.Close();
        probe.WaitForExit();
        return probe.ExitCode == 0 ? null : $"user namespaces or mounts in them are not allowed here: {probe.StandardError.ReadToEnd().Trim()}";
    }

    /// <summary>Mounts one over an empty folder.</summary>
    public static async Task<SmallDisk> MountAsync(string folder, int megabytes)
    {
        var keeper = Command.Start("unshare",
            ["--map-root-user", "--mount", "sh", "-c", $"mount -t tmpfs -o size={megabytes.ToString(CultureInfo.InvariantCulture)}m tmpfs \"$0\" && echo mounted && exec cat", folder]);
        if (await keeper.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) != "mounted")
        {
            throw new InvalidOperationException($"no disk was mounted at {folder}: {await keeper.StandardError.ReadToEndAsync()}");
        }
        return new SmallDisk(keeper, folder);
    }

    /// <summary>Runs a shell command where the disk is.</summary>
    public async Task<string> ShellAsync(string command) =>
        (await Command.RunAsync(Launcher[0], [.. Launcher[1..], "sh", "-c", command])).Succeeded();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();                         // cat ends, and the disk with it
        await _keeper.WaitForExitAsync();
        _keeper.Dispose();
    }
}

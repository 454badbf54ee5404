using System.Text.RegularExpressions;
using Xunit;

namespace Kv.Actors.Tests.Tidy;

/// <summary>Time, chance, threads and files come from outside: plain files do not reach for them.</summary>
public partial class ClockAndRandomTests
{
    private static readonly string[] _shellEndings =
        ["Actor.cs", "Flow.cs", "Journal.cs", "SnapshotStore.cs", "Serializer.cs", "Extension.cs"];

    /// <summary>Files that are plain but stand at an edge, what each may use, and why.</summary>
    private static readonly Dictionary<string, (string[] Allowed, string Why)> _edges = new()
    {
        ["Kv.Persistence/Io/PhysicalDisk.cs"] = (["File"], "the one place where files are opened"),
        ["Kv.Persistence/Io/StorageExceptions.cs"] = (["File"], "a property of that name"),
        ["Kv.Persistence/Workers.cs"] = (["Task.Run", "ThreadPool"], "the one place where pool tasks are started, so that a simulation can take it over"),
        ["Kv.Persistence/Wal/WalWriter.cs"] = (["Thread"], "the log's own thread: a sync blocks it and nobody else"),
        ["Kv.Persistence/Wal/WalHousekeeper.cs"] = (["Thread"], "zeroes the next segment behind the writer's back, at low priority"),
        ["Kv.Persistence/Wal/WalLog.cs"] = (["File"], "a tuple element of that name"),
        ["Kv.Actors/Meters/MetricsProcess.cs"] = (["File", "DateTime", "ThreadPool"], "the process's own figures, read from /proc when somebody asks"),
        ["Kv.Actors/Meters/MetricsInstruments.cs"] = (["Stopwatch"], "turns ticks that a caller took into seconds; it takes none"),
    };

    [GeneratedRegex(@"\b(?:DateTime|DateTimeOffset|Stopwatch|Environment\.TickCount(?:64)?|Guid\.NewGuid|new Random|Random\.Shared|Task\.Run|Task\.Delay|Thread|ThreadPool|File|FileStream|Console)\b")]
    private static partial Regex Forbidden { get; }

    [Fact]
    public void Plain_files_reach_for_no_clock_chance_thread_or_file()
    {
        var used = new HashSet<(string, string)>();
        var findings = new List<string>();
        foreach (var file in SourceTree.Of("Kv.Actors").Concat(SourceTree.Of("Kv.Persistence")).Where(static file => !IsShell(file)))
        {
            foreach (Match found in Forbidden.Matches(file.Code))
            {
                if (_edges.TryGetValue(file.Path, out var edge) && edge.Allowed.Contains(found.Value))
                {
                    used.Add((file.Path, found.Value));
                    continue;
                }
                findings.Add($"{file.Path}:{file.LineOf(found.Index)} has {found.Value}");
            }
        }
        Assert.True(findings.Count == 0, SourceTree.Report(
            "Hand in what is needed instead: MonotonicTime or a TimeProvider for time, Prng for chance, a shell for threads and tasks, "
            + "IDisk for files. If the file is an edge by nature, list it in ClockAndRandomTests with the reason:", findings));
        var stale = _edges.SelectMany(static edge => edge.Value.Allowed.Select(word => (edge.Key, word))).Where(allowed => !used.Contains(allowed)).ToList();
        Assert.True(stale.Count == 0, $"Exceptions that nothing needs any more, remove them: {string.Join(", ", stale)}");
    }

    [Fact]
    public void Actors_hold_no_locks_and_do_not_block()
    {
        var findings = SourceTree.Of("Kv.Actors").Where(static file => file.Name.EndsWith("Actor.cs", StringComparison.Ordinal))
            .SelectMany(static file => Blocking.Matches(file.Code).Select(found => $"{file.Path}:{file.LineOf(found.Index)} has {found.Value}"))
            .ToList();
        Assert.True(findings.Count == 0, SourceTree.Report("An actor does not lock, wait or sleep: pipe the task back with PipeTo(Self):", findings));
    }

    [GeneratedRegex(@"\block\s*\(|\basync void\b|\.Wait\(\)|\.GetAwaiter\(\)\.GetResult\(\)|\bThread\.Sleep\b|\.Result\b(?=\s*[;,)])")]
    private static partial Regex Blocking { get; }

    private static bool IsShell(SourceFile file) =>
        file.Folder == "Node" || _shellEndings.Any(ending => file.Name.EndsWith(ending, StringComparison.Ordinal));
}

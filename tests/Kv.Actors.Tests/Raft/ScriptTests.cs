using System.Runtime.CompilerServices;
using Xunit;

namespace Kv.Actors.Tests.Raft;

/// <summary>Every file in Scripts/ is a scenario with its trace. KV_RAFT_REWRITE=1 writes the traces anew, to be reviewed as a diff.</summary>
public sealed class ScriptTests
{
    /// <summary>The scenarios, by name.</summary>
    public static TheoryData<string> Scenarios =>
        [.. Directory.GetFiles(Folder(), "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_leaves_the_trace_it_is_stored_with(string scenario)
    {
        var file = Path.Combine(Folder(), scenario + ".txt");
        var stored = File.ReadAllText(file);
        var actual = RaftScript.Run(stored);
        if (Environment.GetEnvironmentVariable("KV_RAFT_REWRITE") == "1") File.WriteAllText(file, actual);
        else Assert.Equal(stored, actual);
    }

    [Fact]
    public void There_are_scenarios() => Assert.True(Directory.GetFiles(Folder(), "*.txt").Length >= 25);

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Scripts");
}

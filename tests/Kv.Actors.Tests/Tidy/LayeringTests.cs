using System.Text.RegularExpressions;
using Xunit;
using Xunit.Abstractions;

namespace Kv.Actors.Tests.Tidy;

/// <summary>The one convention that keeps cores pure, and the direction in which folders look.</summary>
public partial class LayeringTests(ITestOutputHelper output)
{
    private static readonly string[] _shellEndings =
        ["Actor.cs", "Flow.cs", "Journal.cs", "SnapshotStore.cs", "Serializer.cs", "Extension.cs"];

    // Folders of Kv.Actors from left to right; a folder may use itself, what stands in an earlier group, and nothing else.
    private static readonly string[][] _order =
    [
        ["Model", "Meters"],
        ["Mvcc", "Lease", "Auth", "Cluster", "Watch"],
        ["Apply", "Raft"],                         // cores of one and shells of the other know each other: see below
        ["Peers"],
        ["Node"],
    ];

    // Raft's core must stay usable without a store: only its shell and its shell's protocol may know Apply.
    private static readonly string[] _raftShell = ["RaftActor.cs", "RaftCommand.cs"];

    [GeneratedRegex(@"\bAkka\.|\busing Akka\b|\bIActorRef\b|\bActorRefs\b|\bILoggingAdapter\b|\bReceiveActor\b")]
    private static partial Regex Akka { get; }

    [GeneratedRegex(@"\bMicrosoft\.AspNetCore\b|\bGrpc\.(Core|AspNetCore|Net)\b")]
    private static partial Regex Web { get; }

    [GeneratedRegex(@"\busing (?:static )?Kv\.Actors\.(?<folder>\w+)")]
    private static partial Regex UsesFolder { get; }

    [Fact]
    public void Akka_appears_only_in_files_named_as_shells_or_in_node()
    {
        var findings = SourceTree.Of("Kv.Actors").Concat(SourceTree.Of("Kv.Persistence"))
            .Where(static file => !IsShell(file))
            .SelectMany(static file => Akka.Matches(file.Code).Select(found => $"{file.Path}:{file.LineOf(found.Index)} has {found.Value}"))
            .ToList();
        Assert.True(findings.Count == 0, SourceTree.Report(
            $"Only files that end in {string.Join(", ", _shellEndings)} or lie in Node/ may use Akka. Move the decision into a plain "
            + "class and let the shell carry it out, or, if the file is a shell, name it as one:", findings));
    }

    [Fact]
    public void Aspnet_and_grpc_appear_only_in_the_gateway()
    {
        var findings = SourceTree.Of("Kv.Actors").Concat(SourceTree.Of("Kv.Persistence"))
            .SelectMany(static file => Web.Matches(file.Code).Select(found => $"{file.Path}:{file.LineOf(found.Index)} has {found.Value}"))
            .ToList();
        Assert.True(findings.Count == 0, SourceTree.Report(
            "The actors know no transport. Answer with a KvError or a message and let Kv.Gateway turn it into HTTP or gRPC:", findings));
    }

    [Fact]
    public void The_gateway_meets_akka_in_its_logger_and_its_hocon_reader_only()
    {
        var findings = SourceTree.Of("Kv.Gateway")
            .Where(static file => !(file.Folder == "Logging" && file.Name.EndsWith("Actor.cs", StringComparison.Ordinal)) && file.Name != "HoconFile.cs")
            .SelectMany(static file => Akka.Matches(file.Code).Select(found => $"{file.Path}:{file.LineOf(found.Index)} has {found.Value}"))
            .ToList();
        Assert.True(findings.Count == 0, SourceTree.Report("The gateway talks to KvNode, not to actors. Add what is missing to KvNode:", findings));
    }

    [Fact]
    public void Folders_of_the_actors_only_look_left()
    {
        var rank = _order.SelectMany(static (group, at) => group.Select(folder => (folder, at))).ToDictionary();
        var findings = new List<string>();
        foreach (var file in SourceTree.Of("Kv.Actors").Where(static file => file.Folder.Length > 0))
        {
            if (!rank.TryGetValue(file.Folder, out var own))
            {
                findings.Add($"{file.Path}: folder {file.Folder} has no place in the order; give it one in LayeringTests");
                continue;
            }
            foreach (Match use in UsesFolder.Matches(file.Code))
            {
                var used = use.Groups["folder"].Value;
                if (rank.TryGetValue(used, out var other) && used != file.Folder && other > own)
                {
                    findings.Add($"{file.Path}:{file.LineOf(use.Index)} uses {used}, which stands to its right");
                }
                if (file.Folder == "Raft" && used is not "Raft" and not "Model" and not "Protos" && !_raftShell.Contains(file.Name))
                {
                    findings.Add($"{file.Path}:{file.LineOf(use.Index)} uses {used}: Raft's core looks at Model only");
                }
            }
        }
        Assert.True(findings.Count == 0, SourceTree.Report(
            $"Folders look left only: {string.Join(" <- ", _order.Select(static group => string.Join(", ", group)))}. Move the shared noun to "
            + "Model, or hand the dependency in as a delegate or an interface of the left folder:", findings));
    }

    [Fact]
    public void Projects_look_one_way()
    {
        var forbidden = new Dictionary<string, string[]>
        {
            ["Kv.Persistence"] = ["Kv.Actors", "Kv.Gateway"],
            ["Kv.Actors"] = ["Kv.Gateway"],
        };
        foreach (var (project, others) in forbidden)
        {
            var csproj = SourceTree.Read($"{project}/{project}.csproj");
            Assert.All(others, other => Assert.DoesNotContain($"{other}.csproj", csproj, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Protocol_files_hold_records_only()
    {
        var findings = SourceTree.Of("Kv.Actors")
            .Where(static file => file.Name.EndsWith("Command.cs", StringComparison.Ordinal))
            .SelectMany(static file => ClassOrInterface.Matches(file.Code).Select(found => $"{file.Path}:{file.LineOf(found.Index)} declares {found.Value.Trim()}"))
            .ToList();
        Assert.True(findings.Count == 0, SourceTree.Report("A *Command.cs file is a closed list of sealed records. Move behaviour elsewhere:", findings));
    }

    [GeneratedRegex(@"^\s*(?:public|internal|private)(?:(?! record )[\w ])*\b(?:class|interface|struct) \w+", RegexOptions.Multiline)]
    private static partial Regex ClassOrInterface { get; }

    /// <summary>Information for the reader, not a failure: past 400 lines, look for the second idea in a file.</summary>
    [Fact]
    public void Long_files_are_listed()
    {
        var files = SourceTree.Products.Concat(Directory.EnumerateDirectories(Path.Combine(SourceTree.Root, "tests")).Select(static path => $"tests/{Path.GetFileName(path)}"))
            .SelectMany(static project => SourceTree.Of(project))
            .ToList();
        var longest = files.Select(static file => (file.Path, Lines: file.Text.AsSpan().Count('\n'))).OrderByDescending(static file => file.Lines).ToList();
        output.WriteLine($"{files.Count} files; over 600 lines:");
        foreach (var (path, lines) in longest.TakeWhile(static file => file.Lines > 600))
        {
            output.WriteLine($"  {lines,5}  {path}");
        }
        output.WriteLine($"longest: {longest[0].Lines} lines, {longest[0].Path}");
        Assert.True(files.Count > 100, "the sources were not found");
    }

    private static bool IsShell(SourceFile file) =>
        (file.Project == "Kv.Actors" && file.Folder == "Node") || _shellEndings.Any(ending => file.Name.EndsWith(ending, StringComparison.Ordinal));
}

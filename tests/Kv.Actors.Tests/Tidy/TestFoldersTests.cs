using Xunit;

namespace Kv.Actors.Tests.Tidy;

/// <summary>Test folders mirror product folders, so that a test is found without searching.</summary>
public class TestFoldersTests
{
    // Folders of suites that answer a question of their own rather than mirror one folder.
    private static readonly Dictionary<string, string[]> _extra = new()
    {
        ["Kv.Actors"] = ["Tidy", "Raft/Scripts"],
        ["Kv.Gateway"] = ["Process", "Load"],
        ["Kv.Persistence"] = [],
    };

    [Theory]
    [InlineData("Kv.Actors")]
    [InlineData("Kv.Persistence")]
    [InlineData("Kv.Gateway")]
    public void Test_folders_mirror_product_folders(string project)
    {
        var product = SourceTree.Of(project).Select(static file => file.Folder).ToHashSet();
        var strange = SourceTree.Of($"tests/{project}.Tests")
            .Select(static file => string.Join('/', file.Path.Split('/')[2..^1]))
            .Distinct()
            .Where(folder => folder.Length > 0 && !product.Contains(folder) && !_extra[project].Contains(folder))
            .ToList();
        Assert.True(strange.Count == 0, SourceTree.Report(
            $"tests/{project}.Tests has folders that {project} has not. Move the tests beside what they test, or list a suite of its own here:", strange));
    }

    [Theory]
    [InlineData("Kv.Actors")]
    [InlineData("Kv.Persistence")]
    [InlineData("Kv.Gateway")]
    public void Namespaces_follow_folders(string project)
    {
        var wrong = SourceTree.Of(project)
            .Concat(SourceTree.Of($"tests/{project}.Tests"))
            .Select(static file => (file.Path, Declared: Declared(file.Code), Expected: string.Join('.', file.Path.Split('/')[..^1]).Replace("tests.", "", StringComparison.Ordinal)))
            .Where(static file => file.Declared is not null && file.Declared != file.Expected)
            .Select(static file => $"{file.Path} declares {file.Declared}, its folder says {file.Expected}")
            .ToList();
        Assert.True(wrong.Count == 0, SourceTree.Report("A namespace is the path to its file:", wrong));
    }

    private static string? Declared(string code)
    {
        const string keyword = "\nnamespace ";
        var at = ("\n" + code).IndexOf(keyword, StringComparison.Ordinal);
        return at < 0 ? null : code[(at + keyword.Length - 1)..code.IndexOf(';', at)].Trim();
    }
}

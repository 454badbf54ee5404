using System.Text;

namespace Kv.Actors.Tests.Tidy;

/// <summary>A source file of the repository: its path from the root, and its text with and without comments and strings.</summary>
/// <param name="Path">With '/' between folders, from the folder with <c>KvActors.sln</c>.</param>
/// <param name="Text">As it is on disk.</param>
internal sealed record SourceFile(string Path, string Text)
{
    private string? _code;

    /// <summary>File name with extension.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The project's folder.</summary>
    public string Project => Path[..Path.IndexOf('/', StringComparison.Ordinal)];

    /// <summary>Folder inside the project, empty for its root.</summary>
    public string Folder => string.Join('/', Path.Split('/')[1..^1]);

    /// <summary>The text with comments and the insides of strings blanked out, line breaks kept: what the compiler acts on.</summary>
    public string Code => _code ??= WithoutCommentsAndStrings(Text);

    /// <summary>Line number, from 1, of a place in <see cref="Text"/> or <see cref="Code"/>.</summary>
    public int LineOf(int offset) => 1 + Text.AsSpan(0, offset).Count('\n');

    private static string WithoutCommentsAndStrings(string text)
    {
        var code = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var end = text[at] switch
            {
                '/' when Starts("//", at) => LineEnd(at),
                '/' when Starts("/*", at) => After("*/", at + 2),
                '"' when Starts("\"\"\"", at) => After("\"\"\"", at + 3),
                '"' when at > 0 && text[at - 1] == '@' => After("\"", at + 1),
                '"' => StringEnd(at + 1, '"'),
                '\'' => StringEnd(at + 1, '\''),
                _ => at,
            };
            if (end == at)
            {
                code.Append(text[at++]);
                continue;
            }
            for (; at < end; at++)
            {
                code.Append(text[at] == '\n' ? '\n' : ' ');
            }
        }
        return code.ToString();

        bool Starts(string mark, int from) => string.CompareOrdinal(text, from, mark, 0, mark.Length) == 0;

        int LineEnd(int from) => text.IndexOf('\n', from) is var found && found >= 0 ? found : text.Length;

        int After(string mark, int from) => text.IndexOf(mark, from, StringComparison.Ordinal) is var found && found >= 0 ? found + mark.Length : text.Length;

        int StringEnd(int from, char quote)
        {
            while (from < text.Length && text[from] != quote && text[from] != '\n')
            {
                from += text[from] == '\\' ? 2 : 1;
            }
            return Math.Min(from + 1, text.Length);
        }
    }
}

/// <summary>The repository as the tidy tests read it.</summary>
internal static class SourceTree
{
    /// <summary>The product's projects.</summary>
    public static readonly string[] Products = ["Kv.Actors", "Kv.Persistence", "Kv.Gateway"];

    /// <summary>The folder with <c>KvActors.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The C# files of a project, in order of their path; what the build makes is left out.</summary>
    public static IReadOnlyList<SourceFile> Of(string project) =>
        [.. Directory.EnumerateFiles(Path.Combine(Root, project), "*.cs", SearchOption.AllDirectories)
            .Select(static file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(static path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(static path => new SourceFile(path, File.ReadAllText(Path.Combine(Root, path))))];

    /// <summary>A file's text.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>A failure message of several findings, or empty.</summary>
    public static string Report(string rule, IReadOnlyCollection<string> findings) =>
        findings.Count == 0 ? "" : $"{rule}\n  {string.Join("\n  ", findings)}";

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "KvActors.sln")))
            {
                return folder.FullName;
            }
        }
        throw new InvalidOperationException($"No KvActors.sln above {AppContext.BaseDirectory}.");
    }
}

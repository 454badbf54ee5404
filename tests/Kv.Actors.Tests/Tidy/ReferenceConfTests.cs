using System.Text.RegularExpressions;
using Kv.Actors.Node;
using Xunit;

namespace Kv.Actors.Tests.Tidy;

/// <summary>Each key is explained and read; each key read is there.</summary>
public partial class ReferenceConfTests
{
    // Akka's own keys inside our plugins' blocks: Akka.Persistence reads them.
    private static readonly string[] _akkaOwn = ["class", "plugin-dispatcher", "replay-filter.mode", "circuit-breaker.call-timeout"];

    [GeneratedRegex(@"^(?<indent>\s*)(?<key>[a-z][\w.\-]*)\s*(?:=\s*(?<value>.+)|(?<open>\{))\s*$")]
    private static partial Regex Line { get; }

    [GeneratedRegex(@"""(?<key>kv\.[a-z0-9][a-z0-9.\-]*)""")]
    private static partial Regex KeyLiteral { get; }

    [GeneratedRegex(@"\bconfig\.(?:Get\w+|HasPath)\(\s*""(?<key>[a-z][a-z0-9.\-]*)""")]
    private static partial Regex PluginRead { get; }

    [Theory]
    [InlineData("hocon/reference.conf")]
    [InlineData("hocon/wal-journal.conf")]
    public void Every_key_has_a_comment_above_it(string path)
    {
        var bare = new List<string>();
        var lines = SourceTree.Read(path).Split('\n');
        var inDispatcher = false;
        for (var i = 1; i < lines.Length; i++)
        {
            var line = Line.Match(lines[i]);
            inDispatcher = line.Groups["open"].Success ? line.Groups["key"].Value.EndsWith("dispatcher", StringComparison.Ordinal) : inDispatcher && lines[i].Trim() != "}";
            if (inDispatcher)
            {
                continue;                                      // Akka's own keys; the block has a comment
            }
            if (!line.Success || line.Groups["open"].Success || _akkaOwn.Contains(line.Groups["key"].Value))
            {
                continue;
            }
            // A comment may stand over two keys that belong together.
            var above = lines[i - 1].Trim();
            if (!above.StartsWith('#') && !(Line.IsMatch(lines[i - 1]) && lines[i - 2].Trim().StartsWith('#')))
            {
                bare.Add($"{path}:{i + 1} {line.Groups["key"].Value}");
            }
        }
        Assert.True(bare.Count == 0, SourceTree.Report("Write default, unit, effect and bounds above each key:", bare));
    }

    [Fact]
    public void Every_key_in_the_reference_is_read()
    {
        var inSettings = ReadBySettings();
        var flags = FlagKeys();
        var builder = SourceTree.Read("Kv.Gateway/Config/OptionsBuilder.cs");
        var discovery = SourceTree.Read("Kv.Gateway/Config/SrvDiscovery.cs");   // done before there is a node
        var unread = Keys("hocon/reference.conf")
            .Where(key => !inSettings.Contains(key) && !discovery.Contains($"\"{key}\"", StringComparison.Ordinal) && !(flags.TryGetValue(key, out var flag) && builder.Contains($"\"{flag}\"", StringComparison.Ordinal)))
            .ToList();
        Assert.True(unread.Count == 0, SourceTree.Report(
            "Keys that nobody reads: read them in KvSettings (or, for an etcd flag, in OptionsBuilder), or take them out:", unread));
    }

    [Fact]
    public void Every_key_that_is_read_is_in_the_reference()
    {
        var known = Keys("hocon/reference.conf").ToHashSet();
        var text = SourceTree.Read("hocon/reference.conf");
        var missing = SourceTree.Of("Kv.Actors").Concat(SourceTree.Of("Kv.Gateway"))
            .SelectMany(static file => KeyLiteral.Matches(file.Text).Select(found => (file.Path, Key: found.Groups["key"].Value)))
            .Where(found => !found.Key.StartsWith("kv.persistence.", StringComparison.Ordinal) && !known.Contains(found.Key) && !text.Contains($"\n{found.Key} {{", StringComparison.Ordinal))
            .Select(static found => $"{found.Path} reads {found.Key}")
            .Distinct()
            .ToList();
        Assert.True(missing.Count == 0, SourceTree.Report("Add these keys to hocon/reference.conf, with a comment:", missing));
    }

    [Fact]
    public void The_plugins_keys_are_those_that_the_plugins_read()
    {
        foreach (var (block, source) in new[]
        {
            ("kv.persistence.journal.", "Kv.Persistence/Journal/WalJournal.cs"),
            ("kv.persistence.snapshot-store.", "Kv.Persistence/Checkpoint/CheckpointSnapshotStore.cs"),
        })
        {
            var written = Keys("hocon/wal-journal.conf").Where(key => key.StartsWith(block, StringComparison.Ordinal)).Select(key => key[block.Length..])
                .Where(static key => !_akkaOwn.Contains(key)).Order().ToList();
            var read = PluginRead.Matches(SourceTree.Read(source)).Select(static found => found.Groups["key"].Value).Distinct().Order().ToList();
            Assert.Equal(written, read);
        }
    }

    /// <summary>A setting that is read into a record and then forgotten does as little as one that is not read.</summary>
    [Fact]
    public void Every_setting_is_used_by_something()
    {
        var users = string.Join('\n', SourceTree.Products.SelectMany(SourceTree.Of).Where(static file => file.Name != "KvSettings.cs").Select(static file => file.Text));
        var own = SourceTree.Of("Kv.Actors").Single(static file => file.Name == "KvSettings.cs").Code;
        var unused = typeof(KvSettings).GetProperties()
            .Where(static property => property.Name != "EqualityContract")
            .Where(property => !Regex.IsMatch(users, $@"\bsettings\.{property.Name}\b", RegexOptions.IgnoreCase) && Regex.Count(own, $@"\b{property.Name}\b") <= 2)
            .Select(static property => property.Name)
            .ToList();
        Assert.True(unused.Count == 0, SourceTree.Report("Settings that change nothing: give them their effect, or refuse the key:", unused));
    }

    [Fact]
    public void The_reference_by_itself_is_a_valid_configuration()
    {
        var settings = KvSettings.Read(ReferenceConfig.Load());
        Assert.Equal("default", settings.Name);
        Assert.Equal("default.etcd", settings.DataDir);
    }

    private static HashSet<string> ReadBySettings() =>
        [.. KeyLiteral.Matches(SourceTree.Read("Kv.Actors/Node/KvSettings.cs")).Select(static found => found.Groups["key"].Value)];

    /// <summary>HOCON key to flag, from the table of flags.</summary>
    private static Dictionary<string, string> FlagKeys() =>
        FlagLine.Matches(SourceTree.Read("Kv.Gateway/Config/EtcdFlags.cs"))
            .ToDictionary(static found => found.Groups["key"].Value, static found => found.Groups["flag"].Value);

    [GeneratedRegex(@"Yes\(""(?<flag>[\w\-]+)"",[^\n]*?""(?<key>kv\.[\w.\-]+)""")]
    private static partial Regex FlagLine { get; }

    /// <summary>Full keys of a file that has one key a line and sections in braces; a dispatcher's block is Akka's to read.</summary>
    private static IEnumerable<string> Keys(string path)
    {
        var sections = new Stack<string>();
        foreach (var raw in SourceTree.Read(path).Split('\n'))
        {
            var text = raw.Trim();
            if (text.StartsWith('#'))
            {
                continue;
            }
            if (text == "}")
            {
                sections.Pop();
                continue;
            }
            var line = Line.Match(raw);
            if (line.Groups["open"].Success)
            {
                sections.Push(line.Groups["key"].Value);
            }
            else if (line.Success && !sections.Any(static section => section.EndsWith("dispatcher", StringComparison.Ordinal)))
            {
                yield return string.Join('.', sections.Reverse().Append(line.Groups["key"].Value));
            }
        }
    }
}

using System.Text.RegularExpressions;
using Kv.Gateway.Config;
using Xunit;

namespace Kv.Gateway.Tests.Config;

public class EtcdFlagsTests
{
    [Fact]
    public void Every_default_reads_as_its_kind_and_every_name_is_there_once()
    {
        Assert.Equal(EtcdFlags.All.Count, EtcdFlags.All.Select(f => f.Name).Distinct().Count());
        foreach (var flag in EtcdFlags.All)
        {
            Assert.True(FlagText.Problem(flag, flag.Default) is null, $"--{flag.Name}: its default '{flag.Default}' is refused");
            Assert.False(string.IsNullOrWhiteSpace(flag.Help), $"--{flag.Name} has no help");
        }
    }

    [Fact]
    public void A_supported_flag_has_a_hocon_key_and_an_unsupported_one_has_none()
    {
        foreach (var flag in EtcdFlags.All.Where(f => f.YamlKey is not null))
        {
            Assert.True((flag.Support == FlagSupport.Yes) == (flag.HoconKey is not null), flag.Name);
        }
    }

    /// <summary>The defaults are written twice, for --help and for people who read the file: they must not drift apart.</summary>
    [Fact]
    public void Reference_conf_holds_every_key_with_the_flag_s_default_and_names_the_flag()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "hocon", "reference.conf"));
        var found = ReadFlat(text);
        foreach (var flag in EtcdFlags.All.Where(f => f.HoconKey is not null && f.AliasOf is null))
        {
            Assert.True(found.TryGetValue(flag.HoconKey!, out var value), $"{flag.HoconKey} is not in reference.conf");
            Assert.Equal(Plain(HoconOverlay.Value(flag, flag.Default), flag), Plain(value!, flag));
            Assert.Matches($@"\[flag --{flag.Name}[\],]", text);
        }
    }

    [Theory]
    [InlineData("nmae", "name")]
    [InlineData("listen-client-url", "listen-client-urls")]
    [InlineData("advertise-client-ulrs", "advertise-client-urls")]
    [InlineData("qouta-backend-bytes", "quota-backend-bytes")]
    [InlineData("something-else-altogether-different", null)]
    public void The_nearest_flag_is_found(string typed, string? nearest) => Assert.Equal(nearest, EtcdFlags.Nearest(typed));

    [Theory]
    [InlineData("listen-client-urls", "ETCD_LISTEN_CLIENT_URLS")]
    [InlineData("hocon", "KV_HOCON")]
    [InlineData("version", null)]
    public void Variables_are_named_after_flags(string flag, string? variable) => Assert.Equal(variable, EtcdFlags.Find(flag)!.EnvironmentName);

    /// <summary>Durations are compared as lengths, quotes do not matter.</summary>
    private static string Plain(string value, EtcdFlag flag) =>
        flag.Kind is FlagKind.Duration or FlagKind.Milliseconds
            ? GoDuration.TryParse(value, out var span) ? span.ToString() : $"not a duration: {value}"
            : value.Replace("\"", "").Replace(" ", "");

    /// <summary>Reads the flat shape that reference.conf has: sections one level deep, one key a line.</summary>
    private static Dictionary<string, string> ReadFlat(string text)
    {
        var found = new Dictionary<string, string>();
        var section = "";
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.Trim();
            if (line.StartsWith('#'))
            {
                continue;
            }

            if (Regex.Match(line, @"^([\w.\-]+) \{$") is { Success: true } open)
            {
                section = open.Groups[1].Value;
            }
            else if (Regex.Match(line, @"^([\w.\-]+) = (.*)$") is { Success: true } pair)
            {
                found[$"{section}.{pair.Groups[1].Value}"] = pair.Groups[2].Value;
            }
        }

        return found;
    }
}

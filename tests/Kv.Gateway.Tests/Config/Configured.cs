using Kv.Gateway.Config;
using Xunit;

namespace Kv.Gateway.Tests.Config;

/// <summary>Resolves a configuration from texts alone: no files, no real environment.</summary>
internal static class Configured
{
    public static ConfigResult From(string arguments, string environment = "", Dictionary<string, string>? files = null, HoconReader? hocon = null) =>
        ConfigSources.Resolve(
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(v => v.Split('=', 2)[0], v => v.Split('=', 2)[1]),
            path => files is not null && files.TryGetValue(path, out var text) ? text : throw new FileNotFoundException("no such file", path),
            hocon ?? (_ => _ => null));

    public static KvServerOptions Options(string arguments, string environment = "", Dictionary<string, string>? files = null, HoconReader? hocon = null) =>
        Run(arguments, environment, files, hocon).Options;

    public static ConfigResult.Run Run(string arguments, string environment = "", Dictionary<string, string>? files = null, HoconReader? hocon = null) =>
        From(arguments, environment, files, hocon) switch
        {
            ConfigResult.Run run => run,
            var other => throw new Xunit.Sdk.XunitException($"expected to run, got {other}"),
        };

    public static ConfigResult.Refused Refused(string arguments, string environment = "", Dictionary<string, string>? files = null) =>
        Assert.IsType<ConfigResult.Refused>(From(arguments, environment, files));
}

using Kv.Testing.Processes;
using Xunit;

namespace Kv.Interop;

/// <summary>A test that needs a real client. Without the client it says that it was not run, and why; where the client is required, it fails.</summary>
/// <remarks><c>KV_INTEROP=required</c>, which <c>.ci/run</c> sets after installing the clients, makes a missing client a failure.</remarks>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class InteropFactAttribute : FactAttribute
{
    /// <summary>Names what the test needs: programs on the path, or <c>python:MODULE</c>, or <c>node:MODULE</c>.</summary>
    public InteropFactAttribute(params string[] needs)
    {
        var missing = needs.Where(static need => !Present(need)).ToArray();
        if (missing.Length > 0 && Environment.GetEnvironmentVariable("KV_INTEROP") != "required")
        {
            Skip = $"not run: {string.Join(", ", missing)} not installed; .ci/run installs what is needed";
        }
        Timeout = 240_000;
    }

    private static bool Present(string need) => need.Split(':', 2) switch
    {
        ["python", var module] => Command.Exists("python3") && Directory.Exists($"/usr/lib/python3/dist-packages/{module}"),
        ["node", var module] => Command.Exists("node")
            && Environment.GetEnvironmentVariable("KV_INTEROP_NODE_MODULES") is { Length: > 0 } modules
            && Directory.Exists(Path.Combine(modules, module)),
        _ => Command.Exists(need),
    };
}

using Kv.Testing.Processes;
using Xunit;

namespace Kv.Chaos.Tests;

/// <summary>Ports drawn by chance were equal once: a member could not listen, and another of the same cluster answered in its place.</summary>
public sealed class FreePortsTests
{
    [Fact]
    public void No_port_is_given_out_twice()
    {
        var ports = Enumerable.Range(0, 2000).Select(static _ => FreePorts.Next()).ToArray();
        Assert.Equal(ports.Length, ports.Distinct().Count());
    }
}

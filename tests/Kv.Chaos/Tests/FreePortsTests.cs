using System.Collections.Concurrent;
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

    /// <summary>A test that took one port and used those beside it found another test's server there.</summary>
    [Fact]
    public void No_port_of_a_row_is_given_out_to_another()
    {
        var ports = new ConcurrentBag<int>();
        Parallel.For(0, 200, i =>
        {
            var (first, count) = (FreePorts.Next(1 + i % 22), 1 + i % 22);
            foreach (var port in Enumerable.Range(first, count)) ports.Add(port);
        });
        Assert.Equal(ports.Count, ports.Distinct().Count());
    }
}

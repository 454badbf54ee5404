using BenchmarkDotNet.Attributes;
using Kv.Persistence.Io;
using Kv.Persistence.Wal;

namespace Kv.Benchmarks.Wal;

/// <summary>What one commit costs on the disk below the temporary directory, by payload and by who writes.</summary>
[MemoryDiagnoser]
public class WalAppendBenchmarks
{
    private string _directory = "";
    private WalWriter _writer = null!;
    private byte[] _payload = [];

    /// <summary>Payload bytes of the one record.</summary>
    [Params(256, 262_144)]
    public int PayloadBytes { get; set; }

    /// <summary>Whether the calling thread writes and syncs itself.</summary>
    [Params(false, true)]
    public bool Inline { get; set; }

    /// <summary>Opens a log in a new directory.</summary>
    [GlobalSetup]
    public void Open()
    {
        _directory = Path.Combine(Path.GetTempPath(), $"kv-wal-bench-{Guid.NewGuid():n}");
        _payload = new byte[PayloadBytes];
        Array.Fill(_payload, (byte)7);
        _writer = WalWriter.Open(PhysicalDisk.Instance, _directory, new WalOptions { WriteInline = Inline, NewLogId = Guid.NewGuid() });
    }

    /// <summary>Closes it and removes the directory.</summary>
    [GlobalCleanup]
    public void Close()
    {
        _writer.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>A lone append, awaited: one write, one sync.</summary>
    [Benchmark]
    public async Task<long> Append() => (await _writer.AppendAsync(1, _payload)).Index;
}

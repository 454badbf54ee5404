using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kv.Load.Servers;

/// <summary>A server under test: started on free loopback ports with a data folder of its own, measured by the kernel's accounting.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly double TicksPerSecond = 100;       // USER_HZ, fixed for user space on Linux
    private readonly ServerKind _kind;
    private readonly bool _keepData;
    private Process _process;

    private ServerProcess(ServerKind kind, string folder, bool keepData)
    {
        _kind = kind;
        _keepData = keepData;
        Folder = folder;
        Client = new IPEndPoint(IPAddress.Loopback, FreePort());
        Peer = new IPEndPoint(IPAddress.Loopback, FreePort());
        _process = Launch();
    }

    /// <summary>Where it keeps its data.</summary>
    public string Folder { get; }

    /// <summary>Where clients reach it.</summary>
    public IPEndPoint Client { get; }

    /// <summary>Its peer address.</summary>
    public IPEndPoint Peer { get; }

    /// <summary>Which program it is.</summary>
    public string Name => _kind.Name;

    /// <summary>From process start until the client port accepted a connection, for the last start.</summary>
    public TimeSpan LastStart { get; private set; }

    /// <summary>Starts one and waits until its port answers.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not answer within a minute.</exception>
    public static async Task<ServerProcess> StartAsync(ServerKind kind, string? folder = null)
    {
        var server = new ServerProcess(kind, folder ?? Directory.CreateTempSubdirectory("kv-load-").FullName, folder is not null);
        await server.WaitReadyAsync();
        return server;
    }

    /// <summary>User and system time used so far, in seconds.</summary>
    public double CpuSeconds()
    {
        var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Bytes it caused to be written to storage.</summary>
    public long BytesWritten() => Field("io", "write_bytes:");

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes() => Field("status", "VmRSS:") * 1024;

    /// <summary>The value of an unlabelled metric at <c>/metrics</c>, or null when it is not there.</summary>
    public async Task<double?> MetricAsync(string name)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri($"http://{Client}/metrics"));
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith(name + " ", StringComparison.Ordinal))
            {
                return double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
            }
        }
        return null;
    }

    /// <summary>kill -9, then start again on the same data; waits until the port answers.</summary>
    public async Task CrashAndRestartAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = Launch();
        await WaitReadyAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
        if (!_keepData)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private Process Launch()
    {
        var start = new ProcessStartInfo(_kind.Program)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var argument in _kind.Arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var argument in (string[])[
            $"--data-dir={Folder}/data",
            $"--listen-client-urls=http://{Client}", $"--advertise-client-urls=http://{Client}",
            $"--listen-peer-urls=http://{Peer}", $"--initial-advertise-peer-urls=http://{Peer}",
            $"--initial-cluster=default=http://{Peer}", "--log-level=warn"])
        {
            start.ArgumentList.Add(argument);
        }
        var clock = Stopwatch.GetTimestamp();
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{_kind.Program} did not start.");
        var tail = new Queue<string>();
        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (tail)
            {
                tail.Enqueue(line.Data ?? "");
                while (tail.Count > 20)
                {
                    tail.Dequeue();
                }
            }
        }
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _launched = clock;
        _tail = tail;
        return process;
    }

    private long _launched;
    private Queue<string> _tail = new();

    private async Task WaitReadyAsync()
    {
        for (var attempt = 0; attempt < 6000; attempt++)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"{Name} ended with code {_process.ExitCode}:\n{string.Join('\n', _tail)}");
            }
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(Client);
                LastStart = Stopwatch.GetElapsedTime(_launched);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(10);                           // not listening yet: ask again
            }
        }
        throw new InvalidOperationException($"{Name} did not listen on {Client} within a minute:\n{string.Join('\n', _tail)}");
    }

    private long Field(string file, string name)
    {
        foreach (var line in File.ReadLines($"/proc/{_process.Id}/{file}"))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                var digits = new string([.. line.Where(char.IsAsciiDigit)]);
                return long.Parse(digits, CultureInfo.InvariantCulture);
            }
        }
        throw new InvalidOperationException($"/proc has no {name}.");
    }
}

/// <summary>How to start a server.</summary>
/// <param name="Name">As the table shows it.</param>
/// <param name="Program">The executable.</param>
/// <param name="Arguments">What comes before etcd's flags.</param>
internal sealed record ServerKind(string Name, string Program, string[] Arguments)
{
    /// <summary>Debian's etcd.</summary>
    public static ServerKind Etcd { get; } = new("etcd", "etcd", ["--logger=zap"]);
}

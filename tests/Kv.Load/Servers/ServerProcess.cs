using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kv.Load.Servers;

/// <summary>A server under test: started on free loopback ports with a data folder of its own, ended with this object or this program.</summary>
internal sealed class ServerProcess : StartedServer
{
    private const int TailLines = 20;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private readonly ServerKind _kind;
    private readonly string _member;
    private readonly string _initialCluster;
    private readonly Queue<string> _tail = new();
    private Process _process;
    private long _launched;

    /// <summary>Starts it at once.</summary>
    /// <param name="kind">What to start.</param>
    /// <param name="folder">Its own, empty.</param>
    /// <param name="member">Its name in the cluster.</param>
    /// <param name="peer">Its peer address.</param>
    /// <param name="initialCluster">All members as <c>--initial-cluster</c> has them.</param>
    public ServerProcess(ServerKind kind, string folder, string member, IPEndPoint peer, string initialCluster)
    {
        (_kind, _member, _initialCluster) = (kind, member, initialCluster);
        Folder = folder;
        Client = FreeEndPoint();
        Peer = peer;
        _process = Launch();
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    /// <inheritdoc/>
    public override string Folder { get; }

    /// <inheritdoc/>
    public override IPEndPoint Client { get; }

    /// <summary>Its peer address.</summary>
    public IPEndPoint Peer { get; }

    /// <inheritdoc/>
    public override string Name => _kind.Name;

    /// <inheritdoc/>
    protected override int? ProcessId => _process.Id;

    /// <summary>Time since the process was last started.</summary>
    public TimeSpan SinceLaunch => Stopwatch.GetElapsedTime(_launched);

    /// <inheritdoc/>
    public override async Task RelaunchAsync(bool empty)
    {
        await KillAsync();
        Relaunch(empty);
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Starts it again after <see cref="KillAsync"/>.</summary>
    public void Relaunch(bool empty)
    {
        _process.Dispose();
        if (empty)
        {
            Directory.Delete(Folder, recursive: true);
            Directory.CreateDirectory(Folder);
        }
        _process = Launch();
    }

    /// <summary>Waits until the client port accepts a connection.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not answer within a minute.</exception>
    public override async Task WaitReadyAsync()
    {
        while (true)
        {
            ThrowIfEnded();
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(Client);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(5);                            // not listening yet: ask again
            }
        }
    }

    /// <summary>For loops that ask a starting server until it answers.</summary>
    /// <exception cref="InvalidOperationException">The process ended, or was started over a minute ago.</exception>
    public void ThrowIfEnded()
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"{Name} ended with code {_process.ExitCode}:\n{Tail()}");
        }
        if (SinceLaunch > StartLimit)
        {
            throw new InvalidOperationException($"{Name} did not answer on {Client} within {StartLimit.TotalSeconds:0} s:\n{Tail()}");
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        End();
    }

    private void OnExit(object? sender, EventArgs e) => End();

    private void End()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private Process Launch()
    {
        var start = new ProcessStartInfo(_kind.Program)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Folder,
        };
        foreach (var argument in _kind.Arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var argument in (string[])[
            $"--data-dir={Folder}/data",
            $"--listen-client-urls=http://{Client}", $"--advertise-client-urls=http://{Client}",
            $"--listen-peer-urls=http://{Peer}", $"--initial-advertise-peer-urls=http://{Peer}",
            $"--name={_member}", $"--initial-cluster={_initialCluster}", "--log-level=warn"])
        {
            start.ArgumentList.Add(argument);
        }
        _launched = Stopwatch.GetTimestamp();
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{_kind.Program} did not start.");
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_tail)
        {
            _tail.Enqueue(line.Data ?? "");
            while (_tail.Count > TailLines)
            {
                _tail.Dequeue();
            }
        }
    }

    private string Tail()
    {
        lock (_tail)
        {
            return string.Join('\n', _tail);
        }
    }
}

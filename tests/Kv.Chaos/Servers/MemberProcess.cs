using System.Collections.Concurrent;
using System.Diagnostics;
using Kv.Testing.Processes;

namespace Kv.Chaos.Servers;

/// <summary>One member: a process that is started, killed, paused and started again on the same data and ports.</summary>
/// <param name="name">Its name, as in the cluster.</param>
/// <param name="start">The program and its first arguments.</param>
/// <param name="flags">All its flags.</param>
internal sealed class MemberProcess(string name, (string Program, string[] Arguments) start, string[] flags) : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, Process> s_running = new();

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly List<string> _unexpected = [];
    private StreamWriter? _log;
    private Task _ending = Task.CompletedTask;
    private Process? _process;
    private bool _endIsExpected;
    private int _incarnation;
    private bool _paused;

    /// <summary>Members do not outlive a harness that is told to end in the middle of a run.</summary>
    static MemberProcess() => AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
    {
        foreach (var process in s_running.Values)
        {
            Signals.Send(process.Id, Signals.Kill);
        }
    };

    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Where clients reach it.</summary>
    public required string ClientUrl { get; init; }

    /// <summary>Where its proxy finds it.</summary>
    public required int PeerPort { get; init; }

    /// <summary>How often it was started.</summary>
    public int Incarnation => Volatile.Read(ref _incarnation);

    /// <summary>Its process, 0 when it is down.</summary>
    public int ProcessId
    {
        get
        {
            return Volatile.Read(ref _process) is { HasExited: false } running ? running.Id : 0;
        }
    }

    /// <summary>Whether it runs and is not paused.</summary>
    public bool IsUp => ProcessId != 0 && !_paused;

    /// <summary>Where its output goes.</summary>
    public required string LogFile { get; init; }

    /// <summary>Ends that nobody caused, with exit codes.</summary>
    public IReadOnlyList<string> UnexpectedEnds
    {
        get
        {
            lock (_lock)
            {
                return [.. _unexpected];
            }
        }
    }

    /// <summary>Starts it unless it runs.</summary>
    public Task StartAsync() => OneAtATime(() =>
    {
        if (ProcessId != 0)
        {
            return Task.CompletedTask;
        }
        var process = Command.Start(start.Program, [.. start.Arguments, .. flags]);
        lock (_lock)
        {
            _log ??= new StreamWriter(LogFile, append: true) { AutoFlush = true };
            _log.WriteLine($"--- start {Incarnation + 1}, process {process.Id}");
            (_endIsExpected, _paused) = (false, false);
            Volatile.Write(ref _process, process);
            _incarnation++;
        }
        s_running.TryAdd(process.Id, process);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _ending = EndAsync(process);
        return Task.CompletedTask;
    });

    /// <summary>kill -9.</summary>
    public Task KillAsync() => OneAtATime(async () =>
    {
        if (Expecting() is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    });

    /// <summary>SIGTERM, and kill -9 if that is not enough; false when it was not.</summary>
    public Task<bool> StopAsync(TimeSpan patience) => OneAtATime(async () =>
    {
        if (Expecting() is not { } process || !Signals.Send(process.Id, Signals.Terminate))
        {
            return true;
        }
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    });

    /// <summary>SIGSTOP: it holds its connections and does nothing.</summary>
    public void Pause()
    {
        if (ProcessId is > 0 and var id)
        {
            _paused = Signals.Send(id, Signals.Stop);
        }
    }

    /// <summary>SIGCONT.</summary>
    public void Resume()
    {
        if (ProcessId is > 0 and var id)
        {
            Signals.Send(id, Signals.Continue);
        }
        _paused = false;
    }

    /// <summary>From here on it may end by itself without fault: its disk is full.</summary>
    public void ExpectEnd()
    {
        lock (_lock)
        {
            _endIsExpected = true;
        }
    }

    /// <summary>The last lines of its log.</summary>
    public string LogTail(int lines)
    {
        if (!File.Exists(LogFile))
        {
            return "(no log)";
        }
        using var file = new StreamReader(new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return string.Join('\n', file.ReadToEnd().Split('\n').TakeLast(lines));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _ending;
        lock (_lock)
        {
            _log?.Dispose();
            _log = null;
        }
        _one.Dispose();
    }

    private Process? Expecting()
    {
        lock (_lock)
        {
            _endIsExpected = true;
        }
        return Volatile.Read(ref _process) is { HasExited: false } running ? running : null;
    }

    private void Keep(string? line)
    {
        lock (_lock)
        {
            if (line is not null)
            {
                _log?.WriteLine(line);
            }
        }
    }

    private async Task EndAsync(Process process)
    {
        await process.WaitForExitAsync();
        s_running.TryRemove(process.Id, out _);
        lock (_lock)
        {
            if (!_endIsExpected && ReferenceEquals(process, Volatile.Read(ref _process)))
            {
                _unexpected.Add($"{Name} (start {_incarnation}) ended by itself with exit code {process.ExitCode}");
            }
        }
    }

    private async Task OneAtATime(Func<Task> action) => await OneAtATime(async () =>
    {
        await action();
        return true;
    });

    private async Task<T> OneAtATime<T>(Func<Task<T>> action)
    {
        await _one.WaitAsync();
        try
        {
            return await action();
        }
        finally
        {
            _one.Release();
        }
    }
}

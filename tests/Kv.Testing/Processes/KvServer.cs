using System.Diagnostics;

namespace Kv.Testing.Processes;

/// <summary>The gateway as a real process on free loopback ports, with a data folder that goes with it.</summary>
public sealed class KvServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kv-interop-").FullName;
    private readonly string[] _launcher;
    private string[] _flags;
    private readonly List<string> _log = [];
    private Process? _started;

    private KvServer(string[] launcher, string[] flags)
    {
        (_launcher, _flags) = (launcher, flags);
        Port = FreePorts.Next();
        PeerPort = FreePorts.Next();
    }

    /// <summary>Its <c>--name</c>.</summary>
    public string Name { get; private init; } = "default";

    private Process Running => _started ?? throw new InvalidOperationException($"{Name} was not started.");

    /// <summary>Where clients reach it on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Its peer port.</summary>
    public int PeerPort { get; }

    /// <summary>Its peer URL.</summary>
    public string PeerUrl => $"http://127.0.0.1:{PeerPort}";

    /// <summary><c>127.0.0.1:port</c>.</summary>
    public string Endpoint => $"127.0.0.1:{Port}";

    /// <summary>Where it keeps its data.</summary>
    public string DataDir => Path.Combine(_folder, "data");

    /// <summary>A folder that is removed with the server.</summary>
    public string Scratch => _folder;

    /// <summary>Everything it logged.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return string.Join('\n', _log);
            }
        }
    }

    /// <summary>The process.</summary>
    public int Id => Running.Id;

    /// <summary>Starts one and waits until it says that it is ready, which it says at level info.</summary>
    public static Task<KvServer> StartAsync(params string[] flags) => StartUnderAsync([], flags);

    /// <summary>The same by way of a command that puts itself before it, such as <c>nsenter</c>, and then becomes it.</summary>
    public static async Task<KvServer> StartUnderAsync(string[] launcher, params string[] flags)
    {
        var server = new KvServer(launcher, flags);
        await server.LaunchAsync();
        return server;
    }

    /// <summary>Starts the members of a new cluster, named a, b, c and so on, and waits until each says that it is ready.</summary>
    public static async Task<IReadOnlyList<KvServer>> StartClusterAsync(int members, params string[] flags)
    {
        var servers = Enumerable.Range(0, members).Select(i => new KvServer([], []) { Name = ((char)('a' + i)).ToString() }).ToList();
        var cluster = string.Join(',', servers.Select(static server => $"{server.Name}={server.PeerUrl}"));
        servers.ForEach(server => server.UseFlags([$"--initial-cluster={cluster}", .. flags]));
        await Task.WhenAll(servers.Select(static server => server.LaunchAsync()));
        return servers;
    }

    /// <summary>One that is not started yet, to join a cluster for instance: its URLs are known before it runs.</summary>
    public static KvServer Prepare(string name, params string[] flags) => new([], flags) { Name = name };

    /// <summary>What it is started with from the next time on, besides its name, data folder and URLs.</summary>
    public void UseFlags(params string[] flags) => _flags = flags;

    /// <summary>Path of the gateway's assembly, in the configuration these tests were built in.</summary>
    public static string Assembly()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);          // …/tests/Kv.Interop/bin/CONFIGURATION/net10.0/
        var (framework, configuration) = (here.Name, here.Parent!.Name);
        var root = here;
        while (!File.Exists(Path.Combine(root.FullName, "KvActors.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("KvActors.sln is not above the tests.");
        }
        return Path.Combine(root.FullName, "Kv.Gateway", "bin", configuration, framework, "Kv.Gateway.dll");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        Running.Kill();
        await Running.WaitForExitAsync();
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        (await Command.RunAsync("kill", ["-TERM", $"{Running.Id}"])).Succeeded();
        return await EndAsync();
    }

    /// <summary>Waits until it ends on its own; returns the exit code.</summary>
    public async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await Running.WaitForExitAsync(limit.Token);
        return Running.ExitCode;
    }

    /// <summary>Starts it again on the same data and ports.</summary>
    public async Task LaunchAsync()
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] command = [.. _launcher, "dotnet"];
        var process = Command.Start(command[0],
        [
            .. command[1..], Assembly(), $"--name={Name}", "--data-dir", DataDir,
            $"--listen-client-urls=http://{Endpoint}", $"--advertise-client-urls=http://{Endpoint}",
            $"--listen-peer-urls={PeerUrl}", $"--initial-advertise-peer-urls={PeerUrl}", .. _flags,
        ]);
        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (_log)
            {
                _log.Add(line.Data ?? "");
            }
            if (line.Data?.Contains("ready to serve client requests", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        }
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _started = process;
        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(ready.Task, ended, Task.Delay(TimeSpan.FromMinutes(1))) != ready.Task)
        {
            var exit = process.HasExited ? $"{process.ExitCode}" : "none yet";
            if (!process.HasExited)
            {
                await KillAsync();
            }
            throw new InvalidOperationException($"the server did not get ready (exit code {exit}):\n{Log}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_started is { } process)                           // none if it was only prepared
        {
            if (!process.HasExited)
            {
                await KillAsync();
            }
            process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }
}

using System.Diagnostics;
using Kv.Testing.Processes;

namespace Kv.Interop.BadInput;

/// <summary>Debian's etcd as a process of its own on free loopback ports, for what is compared with it.</summary>
internal sealed class EtcdServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kv-interop-etcd-").FullName;
    private readonly Process _process;

    private EtcdServer(string[] flags)
    {
        var (client, peer) = (FreePorts.Next(), FreePorts.Next());
        Endpoint = $"127.0.0.1:{client}";
        _process = Command.Start("etcd",
        [
            "--data-dir", Path.Combine(_folder, "data"), $"--listen-client-urls=http://{Endpoint}", $"--advertise-client-urls=http://{Endpoint}",
            $"--listen-peer-urls=http://127.0.0.1:{peer}", $"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            $"--initial-cluster=default=http://127.0.0.1:{peer}", "--logger=zap", "--log-level=panic", .. flags,
        ]);
        _process.OutputDataReceived += static (_, _) => { };     // its pipes must not fill up
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary><c>127.0.0.1:port</c>.</summary>
    public string Endpoint { get; }

    /// <summary>Starts one and waits until it says that it is healthy.</summary>
    public static async Task<EtcdServer> StartAsync(params string[] flags)
    {
        var server = new EtcdServer(flags);
        using var http = new HttpClient();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            try
            {
                using var health = await http.GetAsync(new Uri($"http://{server.Endpoint}/health"), patience.Token);
                if (health.IsSuccessStatusCode)
                {
                    return server;
                }
            }
            catch (HttpRequestException) when (!server._process.HasExited)
            {
                await Task.Yield();                              // not listening yet
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kv.Gateway.Try;

/// <summary>Runs the members of a <see cref="TryPlan"/> as processes of their own, says how they are, and starts again what ends.</summary>
internal sealed class TryCluster(TryPlan plan, TextWriter output, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1), _restart = TimeSpan.FromSeconds(5), _patience = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(3) };
    private readonly Dictionary<TryMember, Process> _running = [];
    private readonly Dictionary<TryMember, long> _ended = [];
    private string _said = "";
    private bool _wasHealthy;

    /// <summary>Runs until it is told to stop, or until a member cannot start at all.</summary>
    /// <returns>0 when it was told to, 1 when it had to.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        Directory.CreateDirectory(plan.Folder);
        output.WriteLine($"{plan.Members.Count} members on this machine, data and logs in {Path.GetFullPath(plan.Folder)}; ctrl-c stops them");
        foreach (var member in plan.Members)
        {
            Start(member);
            output.WriteLine($"  {member.Name}  clients http://{member.Endpoint}  peers http://127.0.0.1:{member.PeerPort}  log {member.LogFile}  pid {_running[member].Id}");
        }
        var endpoints = string.Join(',', plan.Members.Select(static member => member.Endpoint));
        output.WriteLine($"try: etcdctl --endpoints={endpoints} endpoint status -w table");
        try
        {
            while (await TurnAsync(stop).ConfigureAwait(false))
            {
                await Task.Delay(_look, clock, stop).ConfigureAwait(false);
            }
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            await StopAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        foreach (var process in _running.Values)
        {
            process.Dispose();
        }
    }

    /// <summary>Looks after everyone once.</summary>
    /// <returns>False when it makes no sense to go on.</returns>
    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        foreach (var member in plan.Members)
        {
            if (_running.TryGetValue(member, out var process) && process.HasExited)
            {
                var code = process.ExitCode;
                process.Dispose();
                _running.Remove(member);
                if (!_wasHealthy)
                {
                    output.WriteLine($"{member.Name} could not start (exit code {code}); its log ends with\n{LastLine(member)}");
                    return false;
                }
                _ended[member] = clock.GetTimestamp();
                output.WriteLine($"{member.Name} has ended (exit code {code}); it is started again in {_restart.TotalSeconds:0} s");
            }
            else if (_ended.TryGetValue(member, out var since) && clock.GetElapsedTime(since) >= _restart)
            {
                _ended.Remove(member);
                Start(member);
                output.WriteLine($"{member.Name} is started again, pid {_running[member].Id}");
            }
        }
        await SayHowItIsAsync(stop).ConfigureAwait(false);
        return true;
    }

    private async Task SayHowItIsAsync(CancellationToken stop)
    {
        var states = await Task.WhenAll(plan.Members.Select(member => StateAsync(member, stop))).ConfigureAwait(false);
        var (up, leader) = (states.Count(static state => state.Healthy), plan.Members.Zip(states).FirstOrDefault(static pair => pair.Second.Leads).First);
        _wasHealthy |= up == plan.Members.Count;
        var said = leader is null ? $"{up} of {plan.Members.Count} healthy, no leader"
            : up == plan.Members.Count ? $"the cluster is healthy; {leader.Name} leads"
            : $"{up} of {plan.Members.Count} healthy; {leader.Name} leads";
        if (said != _said && (_wasHealthy || up == plan.Members.Count))
        {
            output.WriteLine(said);
        }
        _said = said;
    }

    private async Task<(bool Healthy, bool Leads)> StateAsync(TryMember member, CancellationToken stop)
    {
        try
        {
            using var health = await _http.GetAsync(new Uri($"http://{member.Endpoint}/health"), stop).ConfigureAwait(false);
            var metrics = await _http.GetStringAsync(new Uri($"http://{member.Endpoint}/metrics"), stop).ConfigureAwait(false);
            return (health.IsSuccessStatusCode, metrics.Contains("\netcd_server_is_leader 1\n", StringComparison.Ordinal));
        }
        catch (Exception down) when (down is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            return (false, false);
        }
    }

    private void Start(TryMember member)
    {
        var host = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        var start = new ProcessStartInfo(host) { UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
        {
            start.ArgumentList.Add(typeof(TryCluster).Assembly.Location);
        }
        foreach (var flag in member.Flags)
        {
            start.ArgumentList.Add(flag);
        }
        _running[member] = Process.Start(start) ?? throw new InvalidOperationException($"{host} did not start.");
    }

    /// <summary>Asks everyone to end, all at once, and insists after a while.</summary>
    private async Task StopAsync()
    {
        foreach (var process in _running.Values)
        {
            Terminate(process);
        }
        using var patience = new CancellationTokenSource(_patience, clock);
        foreach (var (member, process) in _running)
        {
            try
            {
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                output.WriteLine($"{member.Name} does not end by itself and is killed");
                process.Kill();
            }
        }
        output.WriteLine("stopped");
    }

    private static void Terminate(Process process)
    {
        if (process.HasExited)
        {
            return;
        }
        if (OperatingSystem.IsWindows())
        {
            process.Kill();
        }
        else
        {
            _ = SendSignal(process.Id, 15);                    // one that has ended meanwhile is no harm
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);

    private static string LastLine(TryMember member) =>
        File.Exists(member.LogFile) && File.ReadLines(member.LogFile).LastOrDefault() is { } line ? line : $"(nothing in {member.LogFile})";
}

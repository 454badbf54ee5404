using System.Runtime.InteropServices;
using Kv.Actors.Cluster;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Gateway.Calls;
using Kv.Gateway.Config;
using Kv.Gateway.Logging;

namespace Kv.Gateway;

/// <summary>A process from its first log line to its exit code.</summary>
internal static class GatewayProcess
{
    /// <summary>Runs until a signal, or until the node cannot go on.</summary>
    /// <returns>0 after a signal, 1 when it could not start or go on.</returns>
    public static async Task<int> RunAsync(ConfigResult.Run run)
    {
        var (options, clock) = (run.Options, TimeProvider.System);
        var started = clock.GetTimestamp();
        using var sink = LogSink.Open(options.LogLevel, options.LogConsole, options.LogOutputs);
        using var logs = new KvLoggerProvider(sink);
        var log = logs.CreateLogger("etcdmain");
        log.Starting(options);
        foreach (var warning in run.Warnings)
        {
            log.Configuration(warning);
        }
        if (options.UnsafeNoFsync)
        {
            log.UnsafeNoFsync();
        }
        using var signals = new Signals(log);
        KvLoggerActor.Use(KvNode.SystemName, sink);
        var certificates = options.ListenPeerUrls.Any(static url => url.IsTls) && options.PeerCertFile.Length > 0
            ? new PeerCertificateWatch(options.PeerCertFile, options.PeerKeyFile, clock)
            : null;
        try
        {
            while (true)
            {
                if (await RunNodeAsync(options, logs, log, signals, certificates, started).ConfigureAwait(false) is { } exit)
                {
                    return exit;
                }
                log.PeerCertificateRenewed(options.PeerCertFile);
                started = clock.GetTimestamp();
            }
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or FormatException or UnauthorizedAccessException or InvalidOperationException)
        {
            log.StartFailed(failure.Message);
            return 1;
        }
        finally
        {
            sink.Flush();
            KvLoggerActor.Forget(KvNode.SystemName);
        }
    }

    /// <summary>One node from its start to its end.</summary>
    /// <returns>The exit code; null when it is to be started again, with a renewed certificate.</returns>
    private static async Task<int?> RunNodeAsync(
        KvServerOptions options, KvLoggerProvider logs, ILogger log, Signals signals, PeerCertificateWatch? certificates, long started)
    {
        var clock = TimeProvider.System;
        var metrics = new Metrics(new MetricsRegistry());
        KvNode? begun = null;
        // Beside the node's start, much of which is one thread's.
        var workers = NodeEnvironment.Real.Workers;
        var canServe = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var building = workers.Run("gateway", () => GatewayHost.Build(options, () => begun!, metrics, logs, canServe.Task), CancellationToken.None);
        try
        {
            var discovered = await DiscoverAsync(options, log).ConfigureAwait(false);
            begun = await KvNode.StartAsync(
                [Retention(options), discovered, options.HoconOverlay, options.HoconText, KvLoggerActor.Hocon(options.LogLevel)], metrics, NodeEnvironment.Real).ConfigureAwait(false);
        }
        catch
        {
            await Task.WhenAny(building).ConfigureAwait(false);
            if (building.IsCompletedSuccessfully)
            {
                await (await building.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            }
            throw;
        }
        await using var node = begun;
        var app = await building.ConfigureAwait(false);
        await using (app.ConfigureAwait(false))
        {
            using var givingUp = new CancellationTokenSource();
            var starting = workers.Run("gateway start", () => app.StartAsync(givingUp.Token), CancellationToken.None).Unwrap();
            if (await PublishAsync(node, signals).ConfigureAwait(false) is { } failure)
            {
                await givingUp.CancelAsync().ConfigureAwait(false);
                await Task.WhenAny(starting).ConfigureAwait(false);
                log.StartFailed(failure);
                return 1;
            }
            canServe.SetResult();
            await starting.ConfigureAwait(false);
            log.LocalMember(node.Status.Self, node.Status.Cluster, node.Roots.Current.Members.Count);
            log.NowServing(node.Status.Self.ToString(), options);
            foreach (var url in options.ListenClientUrls)
            {
                log.ServingInsecurely(options.ListenClientHttpUrls.Count > 0 ? "grpc" : "grpc+http", url.HostPort);
            }
            log.ReadyToServe(clock.GetElapsedTime(started));
            var exit = await UntilEndAsync(node, signals, certificates, log).ConfigureAwait(false);
            log.Closing(options);
            using var patience = new CancellationTokenSource(options.RequestTimeout, clock);
            await app.StopAsync(patience.Token).ConfigureAwait(false);
            log.Closed(options);
            return exit;
        }
    }

    /// <summary>The flag takes Go's durations, HOCON takes its own: what was understood is handed on in a form both know.</summary>
    private static string Retention(KvServerOptions options) => options.AutoCompactionMode == AutoCompactionMode.Periodic
        ? $"kv.compaction.auto-retention = \"{(long)options.AutoCompactionRetention.TotalMilliseconds}ms\""
        : $"kv.compaction.auto-retention = \"{options.AutoCompactionRevisions}\"";

    /// <summary>Asks DNS for the members at the first start; a member that has a log knows them. Empty when there is nothing to ask.</summary>
    private static async Task<string> DiscoverAsync(KvServerOptions options, ILogger log)
    {
        var wal = options.WalDir ?? Path.Combine(options.DataDir, "member", "wal");
        if (options.DiscoverySrv.Length == 0 || (Directory.Exists(wal) && Directory.EnumerateFileSystemEntries(wal).Any()))
        {
            return "";
        }
        var names = new NameService(SrvDiscovery.ReadServer(HoconFile.ReadText(options.HoconText, SrvDiscovery.ServerKey)));
        var found = await SrvDiscovery.FindAsync(names, options.DiscoverySrv, options.DiscoverySrvName, options.Name, options.AdvertisePeerUrls).ConfigureAwait(false);
        var cluster = InitialCluster.Text(found.Cluster);
        log.Discovered(options.DiscoverySrv, cluster);
        return HoconOverlay.Lists(
            ("kv.cluster.initial-members", cluster.Split(',')), ("kv.peer.advertise-urls", found.Own));
    }

    /// <summary>Null when the member is published, else why it is not.</summary>
    private static async Task<string?> PublishAsync(KvNode node, Signals signals)
    {
        var published = node.PublishAsync();
        var first = await Task.WhenAny(published, node.Ended, signals.Received).ConfigureAwait(false);
        if (first == node.Ended)
        {
            return $"the node ended while it started: {(await node.Ended.ConfigureAwait(false)).Reason}";
        }
        if (first == signals.Received)
        {
            return "a signal asked the process to end while it started";
        }
        var error = await published.ConfigureAwait(false);
        return error == KvError.None ? null : $"the member could not be published: {ErrorMap.Text(error)}";
    }

    /// <summary>The exit code; null for a new start with a renewed certificate.</summary>
    private static async Task<int?> UntilEndAsync(KvNode node, Signals signals, PeerCertificateWatch? certificates, ILogger log)
    {
        using var looking = new CancellationTokenSource();
        var renewed = certificates?.RenewedAsync(looking.Token) ?? Task.Delay(Timeout.Infinite, looking.Token);
        var first = await Task.WhenAny(node.Ended, signals.Received, renewed).ConfigureAwait(false);
        await looking.CancelAsync().ConfigureAwait(false);
        if (first == renewed)
        {
            await node.HandOverAsync().ConfigureAwait(false);
            return null;
        }
        if (first == signals.Received)
        {
            if (!await node.HandOverAsync().ConfigureAwait(false))
            {
                log.SkippedLeadershipTransfer(node.Status.Self.ToString());
            }
            return 0;
        }
        var end = await node.Ended.ConfigureAwait(false);
        if (end.IsRemoved)
        {
            log.Removed(node.Status.Self);                     // as it was told to: no failure
            return 0;
        }
        log.NodeFailed(new InvalidOperationException(end.Reason));
        return 1;
    }

    /// <summary>SIGTERM and SIGINT, each turned into an orderly end.</summary>
    private sealed class Signals : IDisposable
    {
        private readonly TaskCompletionSource _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly PosixSignalRegistration[] _registrations;

        public Signals(ILogger log)
        {
            void Handle(PosixSignalContext signal)
            {
                signal.Cancel = true;                          // the process ends by itself, with everything closed
                if (_received.TrySetResult())
                {
                    log.SignalReceived(signal.Signal == PosixSignal.SIGTERM ? "terminated" : "interrupt");
                }
            }
            _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle), PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle)];
        }

        public Task Received => _received.Task;

        public void Dispose()
        {
            foreach (var registration in _registrations)
            {
                registration.Dispose();
            }
        }
    }
}

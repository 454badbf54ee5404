using System.Collections;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Kv.Actors.Meters;
using Kv.Actors.Node;
using Kv.Gateway.Config;
using Kv.Gateway.Logging;
using Kv.Testing.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Api = Kv.Gateway.Protos.Etcdserverpb;

namespace Kv.Gateway.Tests.Services;

/// <summary>A whole node and its gateway in this process, on a free loopback port and with a data directory that goes with it.</summary>
/// <remarks>
/// <c>KV_TEST_ENDPOINT=HOST:PORT</c> points the tests at a server that runs already, a real etcd for instance, to see whether
/// they expect what it does. What only later versions than that etcd have, fails then.
/// </remarks>
public class NodeHost : IAsyncLifetime
{
    private readonly string[] _flags;
    private readonly string _hocon;
    private readonly string _folder = Directory.CreateTempSubdirectory("kv-node-").FullName;
    private readonly List<GrpcChannel> _channels = [];
    private KvNode? _node;
    private WebApplication? _app;
    private HttpClient _http = null!;

    /// <summary>A node as it comes.</summary>
    public NodeHost()
        : this("")
    {
    }

    /// <summary>A node with settings.</summary>
    /// <param name="hocon">HOCON over everything.</param>
    /// <param name="flags">etcd's flags.</param>
    protected NodeHost(string hocon, params string[] flags) => (_hocon, _flags) = (hocon, flags);

    /// <summary>Where clients reach it.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>The node, when it is one of this process.</summary>
    public KvNode Node => _node ?? throw new InvalidOperationException("this test looks inside the node, so it cannot run against another server");

    /// <summary>One connection for all the clients below.</summary>
    public GrpcChannel Channel { get; private set; } = null!;

    public Api.KV.KVClient Kv => new(Channel);

    public Api.Lease.LeaseClient Lease => new(Channel);

    public Api.Watch.WatchClient Watch => new(Channel);

    public Api.Maintenance.MaintenanceClient Maintenance => new(Channel);

    public Api.Cluster.ClusterClient Cluster => new(Channel);

    public async Task InitializeAsync()
    {
        Endpoint = Environment.GetEnvironmentVariable("KV_TEST_ENDPOINT") ?? await StartAsync();
        Channel = Connect();
        _http = new HttpClient { BaseAddress = new Uri($"http://{Endpoint}"), Timeout = ServiceHost.Patience };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        _channels.ForEach(static channel => channel.Dispose());
        if (_app is not null)
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await _app.StopAsync(stop.Token);
            await _app.DisposeAsync();
        }
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A connection of its own, closed with the node.</summary>
    public GrpcChannel Connect()
    {
        var channel = GrpcChannel.ForAddress($"http://{Endpoint}", new GrpcChannelOptions { MaxReceiveMessageSize = null });
        _channels.Add(channel);
        return channel;
    }

    /// <summary>Posts <paramref name="body"/> over HTTP/2 as it is.</summary>
    public async Task<(int Http, string? Status, string? Message, byte[] Body)> PostAsync(string path, byte[] body, string contentType = "application/grpc", string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        request.Headers.Add("TE", "trailers");
        if (encoding is not null)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }
        using var response = await _http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        return ((int)response.StatusCode, Find(response, "grpc-status"), Find(response, "grpc-message"), bytes);
    }

    /// <summary>A page over HTTP/1.1.</summary>
    public async Task<(int Http, string Body)> GetAsync(string path)
    {
        using var response = await _http.GetAsync(new Uri(path, UriKind.Relative));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>The value of a metric on the metrics page.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var line = (await GetAsync("/metrics")).Body.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Asks until the answer is as wanted: for what the node does on its own, with nothing to wait for.</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> wanted)
    {
        using var patience = new CancellationTokenSource(ServiceHost.Patience);
        while (true)
        {
            var answer = await ask();
            if (wanted(answer))
            {
                return answer;
            }
            Assert.False(patience.IsCancellationRequested, $"still {answer} after {ServiceHost.Patience}");
        }
    }

    /// <summary>Checks code and text of a failed call.</summary>
    public static async Task FailsAsync<T>(StatusCode code, string text, AsyncUnaryCall<T> call)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.WaitAsync(ServiceHost.Patience));
        Assert.Equal((code, text), (failure.StatusCode, failure.Status.Detail));
    }

    /// <summary>UTF-8 bytes.</summary>
    public static ByteString B(string text) => ByteString.CopyFromUtf8(text);

    private async Task<string> StartAsync()
    {
        var endpoint = $"127.0.0.1:{FreePorts.Next()}";
        var peer = $"http://127.0.0.1:{FreePorts.Next()}";
        var hocon = Path.Combine(_folder, "test.conf");
        await File.WriteAllTextAsync(hocon, _hocon);
        var resolved = ConfigSources.Resolve(
            [
                "--data-dir", Path.Combine(_folder, "data"), $"--listen-client-urls=http://{endpoint}", $"--advertise-client-urls=http://{endpoint}",
                $"--listen-peer-urls={peer}", $"--initial-advertise-peer-urls={peer}", $"--initial-cluster=default={peer}", $"--hocon={hocon}", .. _flags,
            ],
            new Dictionary<string, string>(),
            File.ReadAllText,
            HoconFile.Read);
        var options = Assert.IsType<ConfigResult.Run>(resolved).Options;
        _node = await KvNode.StartAsync(
            [options.HoconOverlay, options.HoconText, "akka { loglevel = OFF, stdout-loglevel = OFF }"], new Metrics(new MetricsRegistry()), NodeEnvironment.Real);
        _app = GatewayHost.Build(options, () => Node, _node.Metrics, NullLoggerProvider.Instance);
        Assert.Equal(Actors.Model.KvError.None, await _node.PublishAsync());
        await _app.StartAsync();
        return endpoint;
    }

    private static string? Find(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values) ? string.Join(',', values) : null;
}

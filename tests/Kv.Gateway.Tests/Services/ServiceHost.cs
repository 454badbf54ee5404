using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Kv.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kv.Gateway.Tests.Services;

/// <summary>A gRPC server with the services a test maps, on a free loopback port.</summary>
public sealed class ServiceHost : IAsyncDisposable
{
    /// <summary>Long enough for anything that works; a test that waits this long has failed.</summary>
    public static readonly TimeSpan Patience = PatientTestKit.Patience;

    private readonly WebApplication _app;
    private readonly HttpClient _http;

    private ServiceHost(WebApplication app)
    {
        _app = app;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Channel = GrpcChannel.ForAddress(address);
        _http = new HttpClient { BaseAddress = new Uri(address), Timeout = Patience };
    }

    public GrpcChannel Channel { get; }

    public static async Task<ServiceHost> StartAsync(Action<GrpcServiceOptions> grpc, Action<IServiceCollection> services, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc);
        services(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return new ServiceHost(app);
    }

    /// <summary>Posts <paramref name="body"/> as it is; gives the HTTP code, grpc-status, grpc-message and the body.</summary>
    public async Task<(int Http, string? Status, string? Message, byte[] Body)> PostAsync(string path, byte[] body, string contentType = "application/grpc")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        using var response = await _http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        return ((int)response.StatusCode, Find(response, "grpc-status"), Find(response, "grpc-message"), bytes);
    }

    /// <summary>A frame around <paramref name="payload"/>.</summary>
    public static byte[] Frame(byte[] payload)
    {
        var frame = new byte[5 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame, 5);
        return frame;
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        _http.Dispose();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _app.StopAsync(stop.Token);
        await _app.DisposeAsync();
    }

    private static string? Find(HttpResponseMessage response, string name)
        => response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values) ? string.Join(',', values) : null;
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Net.Client;
using Kv.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kv.Compat.Tests.Grpc;

/// <summary>A server on a free loopback port with <see cref="BytesService"/>, and ways to call it.</summary>
public sealed class Host : IAsyncDisposable
{
    /// <summary>Long enough for anything that works; a test that waits this long has failed.</summary>
    public static readonly TimeSpan Patience = PatientTestKit.Patience;

    private readonly WebApplication _app;
    private readonly HttpClient _http;

    private Host(WebApplication app, string address, GrpcChannelOptions? options)
    {
        _app = app;
        Address = address;
        Channel = options is null ? GrpcChannel.ForAddress(address) : GrpcChannel.ForAddress(address, options);
        Invoker = Channel.CreateCallInvoker();
        _http = new HttpClient { BaseAddress = new Uri(address), Timeout = Patience };
    }

    public string Address { get; }

    public GrpcChannel Channel { get; }

    public CallInvoker Invoker { get; }

    public BytesService Service => _app.Services.GetRequiredService<BytesService>();

    public static async Task<Host> StartAsync(
        Action<GrpcServiceOptions>? grpc = null, Action<IServiceCollection>? services = null, Action<WebApplication>? map = null,
        GrpcChannelOptions? channel = null, HttpProtocols protocols = HttpProtocols.Http2)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        builder.Services.AddGrpc(grpc ?? (static _ => { }));
        builder.Services.AddSingleton<BytesService>();
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapGrpcService<BytesService>();
        map?.Invoke(app);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new Host(app, address, channel);
    }

    public AsyncUnaryCall<string> Unary(string request, CallOptions options = default) => Invoker.AsyncUnaryCall(BytesServiceBase.Methods.Unary, null, options, request);

    public AsyncServerStreamingCall<string> Down(string request, CallOptions options = default) => Invoker.AsyncServerStreamingCall(BytesServiceBase.Methods.Down, null, options, request);

    public AsyncClientStreamingCall<string, string> Up(CallOptions options = default) => Invoker.AsyncClientStreamingCall(BytesServiceBase.Methods.Up, null, options);

    public AsyncDuplexStreamingCall<string, string> Both(CallOptions options = default) => Invoker.AsyncDuplexStreamingCall(BytesServiceBase.Methods.Both, null, options);

    /// <summary>Sends <paramref name="body"/> as it is and returns the whole response.</summary>
    public async Task<RawResponse> SendAsync(string path, byte[] body, string? contentType = "application/grpc", Version? version = null, HttpMethod? method = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, path)
        {
            Version = version ?? HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (request.Method == HttpMethod.Post) request.Content = new ByteArrayContent(body);
        if (contentType is not null && request.Content is not null) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        return new RawResponse(response.StatusCode, All(response.Headers, response.Content.Headers), All(response.TrailingHeaders), bytes);
    }

    /// <summary>A frame around <paramref name="text"/>; the announced length may be another.</summary>
    public static byte[] Frame(string text, byte flag = 0, uint? announced = null) => Frame(Encoding.UTF8.GetBytes(text), flag, announced);

    public static byte[] Frame(byte[] payload, byte flag = 0, uint? announced = null)
    {
        var frame = new byte[5 + payload.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), announced ?? (uint)payload.Length);
        payload.CopyTo(frame, 5);
        return frame;
    }

    public static async Task<List<string>> ReadAllAsync(IAsyncStreamReader<string> reader)
    {
        List<string> all = [];
        while (await reader.MoveNext(CancellationToken.None).WaitAsync(Patience)) all.Add(reader.Current);
        return all;
    }

    public static async Task<RpcException> FailsAsync(Task task) => await Assert.ThrowsAnyAsync<RpcException>(() => task.WaitAsync(Patience));

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        _http.Dispose();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _app.StopAsync(stop.Token);
        await _app.DisposeAsync();
    }

    private static Dictionary<string, string> All(params IEnumerable<KeyValuePair<string, IEnumerable<string>>>[] sources)
        => sources.SelectMany(static s => s).ToDictionary(static h => h.Key.ToLowerInvariant(), static h => string.Join(',', h.Value));
}

/// <summary>A response as HTTP has it.</summary>
public sealed record RawResponse(HttpStatusCode Status, Dictionary<string, string> Headers, Dictionary<string, string> Trailers, byte[] Body)
{
    public string? GrpcStatus => Trailers.GetValueOrDefault("grpc-status") ?? Headers.GetValueOrDefault("grpc-status");

    public string? GrpcMessage => Trailers.GetValueOrDefault("grpc-message") ?? Headers.GetValueOrDefault("grpc-message");
}

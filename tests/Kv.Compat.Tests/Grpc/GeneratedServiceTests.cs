using Google.Protobuf;
using Grpc.Core;
using Kv.Compat.Tests.Grpc.Notes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Kv.Compat.Tests.Grpc;

/// <summary>A base class and a client as Grpc.Tools writes them.</summary>
public sealed class GeneratedServiceTests
{
    [Fact]
    public async Task All_four_kinds_work_through_the_generated_client()
    {
        await using var host = await StartAsync();
        var client = new Notes.Notes.NotesClient(host.Channel);

        var echoed = await client.EchoAsync(new Note { Text = "größe", Body = ByteString.CopyFrom(new byte[100_000]), Number = -1 });
        Assert.Equal(("größe", 100_000, -1L), (echoed.Text, echoed.Body.Length, echoed.Number));

        using (var count = client.Count())
        {
            for (var i = 0; i < 10; i++) await count.RequestStream.WriteAsync(new Note());
            await count.RequestStream.CompleteAsync();
            Assert.Equal(10, (await count).Number);
        }

        using (var repeat = client.Repeat(new Note { Text = "r", Number = 3 }))
        {
            var seen = 0;
            await foreach (var note in repeat.ResponseStream.ReadAllAsync()) Assert.Equal(("r", seen++), (note.Text, note.Number));
            Assert.Equal(3, seen);
        }

        using (var chat = client.Chat())
        {
            await chat.RequestStream.WriteAsync(new Note { Text = "hi" });
            Assert.True(await chat.ResponseStream.MoveNext());
            Assert.Equal("hi!", chat.ResponseStream.Current.Text);
            await chat.RequestStream.CompleteAsync();
            Assert.False(await chat.ResponseStream.MoveNext());
        }
    }

    [Fact]
    public async Task A_method_that_is_not_overridden_is_unimplemented()
    {
        await using var host = await StartAsync();
        var client = new Notes.Notes.NotesClient(host.Channel);

        Assert.Equal(StatusCode.Unimplemented, (await Host.FailsAsync(client.NotThereAsync(new Note()).ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task The_blocking_call_and_another_host_name_work()
    {
        await using var host = await StartAsync();
        var client = new Notes.Notes.NotesClient(host.Channel).WithHost("ignored");

        Assert.Equal("x", await Task.Run(() => client.Echo(new Note { Text = "x" }).Text));
        Assert.Throws<NotImplementedException>(() => new NoClient().Echo(new Note()));
    }

    [Fact]
    public async Task A_body_that_is_not_a_message_is_unknown()
    {
        await using var host = await StartAsync();

        var raw = await host.SendAsync("/notes.Notes/Echo", Host.Frame([0xff, 0xff, 0xff]));

        Assert.Equal(("2", "Exception was thrown by handler."), (raw.GrpcStatus, raw.GrpcMessage));
    }

    [Fact]
    public void A_definition_binds_each_method_once()
    {
        var service = new NotesService();
        var binder = new Names();

        Notes.Notes.BindService(service).BindService(binder);

        Assert.Equal(["Echo", "Count", "Repeat", "Chat", "NotThere"], binder.Seen);
        Assert.Throws<ArgumentException>(() => ServerServiceDefinition.CreateBuilder()
            .AddMethod(BytesServiceBase.Methods.Unary, static (request, _) => Task.FromResult(request))
            .AddMethod(BytesServiceBase.Methods.Unary, static (request, _) => Task.FromResult(request)));
    }

    private static Task<Host> StartAsync()
        => Host.StartAsync(services: static services => services.AddSingleton<NotesService>(), map: static app => app.MapGrpcService<NotesService>());

    private sealed class NoClient : Notes.Notes.NotesClient;

    private sealed class Names : ServiceBinderBase
    {
        public List<string> Seen { get; } = [];

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) => Seen.Add(method.Name);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) => Seen.Add(method.Name);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) => Seen.Add(method.Name);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => Seen.Add(method.Name);
    }

    private sealed class NotesService : Notes.Notes.NotesBase
    {
        public override Task<Note> Echo(Note request, ServerCallContext context) => Task.FromResult(request);

        public override async Task<Note> Count(IAsyncStreamReader<Note> requestStream, ServerCallContext context)
        {
            var count = 0;
            while (await requestStream.MoveNext()) count++;
            return new Note { Number = count };
        }

        public override async Task Repeat(Note request, IServerStreamWriter<Note> responseStream, ServerCallContext context)
        {
            for (var i = 0; i < request.Number; i++) await responseStream.WriteAsync(new Note { Text = request.Text, Number = i });
        }

        public override async Task Chat(IAsyncStreamReader<Note> requestStream, IServerStreamWriter<Note> responseStream, ServerCallContext context)
        {
            await foreach (var note in requestStream.ReadAllAsync()) await responseStream.WriteAsync(new Note { Text = note.Text + "!" });
        }
    }
}

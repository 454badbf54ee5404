using System.Text;
using Grpc.Core;

namespace Kv.Compat.Tests.Grpc;

/// <summary>
/// A service written by hand, as the product may: one method of each kind over text, with marshallers of its own. Tests set
/// what the methods do.
/// </summary>
[BindServiceMethod(typeof(Methods), nameof(Methods.BindService))]
public abstract class BytesServiceBase
{
    public virtual Task<string> Unary(string request, ServerCallContext context) => throw Unimplemented();

    public virtual Task<string> Up(IAsyncStreamReader<string> requests, ServerCallContext context) => throw Unimplemented();

    public virtual Task Down(string request, IServerStreamWriter<string> responses, ServerCallContext context) => throw Unimplemented();

    public virtual Task Both(IAsyncStreamReader<string> requests, IServerStreamWriter<string> responses, ServerCallContext context) => throw Unimplemented();

    private static RpcException Unimplemented() => new(new Status(StatusCode.Unimplemented, ""));

    public static class Methods
    {
        public const string ServiceName = "test.Bytes";
        public const string Malformed = "malformed";

        /// <summary>Known length, written in pieces: the path that generated messages take.</summary>
        private static readonly Marshaller<string> s_text = Marshallers.Create<string>(
            static (text, context) =>
            {
                context.SetPayloadLength(Encoding.UTF8.GetByteCount(text));
                var writer = context.GetBufferWriter();
                foreach (var chunk in text.Chunk(1000))
                {
                    var bytes = Encoding.UTF8.GetBytes(chunk);
                    bytes.CopyTo(writer.GetSpan(bytes.Length));
                    writer.Advance(bytes.Length);
                }

                context.Complete();
            },
            static context =>
            {
                var text = Encoding.UTF8.GetString(context.PayloadAsReadOnlySequence());
                Assert.Equal(Encoding.UTF8.GetByteCount(text), context.PayloadLength);
                return text == Malformed ? throw new FormatException("not a message") : text;
            });

        public static readonly Method<string, string> Unary = new(MethodType.Unary, ServiceName, nameof(Unary), s_text, s_text);
        public static readonly Method<string, string> Up = new(MethodType.ClientStreaming, ServiceName, nameof(Up), s_text, Marshallers.StringMarshaller);
        public static readonly Method<string, string> Down = new(MethodType.ServerStreaming, ServiceName, nameof(Down), Marshallers.StringMarshaller, s_text);
        public static readonly Method<string, string> Both = new(MethodType.DuplexStreaming, ServiceName, nameof(Both), s_text, s_text);
        public static readonly Method<string, string> Missing = new(MethodType.Unary, ServiceName, nameof(Missing), s_text, s_text);
        public static readonly Method<string, string> Elsewhere = new(MethodType.Unary, "test.Elsewhere", nameof(Missing), s_text, s_text);

        public static void BindService(ServiceBinderBase binder, BytesServiceBase? service)
        {
            binder.AddMethod(Unary, service is null ? null : new UnaryServerMethod<string, string>(service.Unary));
            binder.AddMethod(Up, service is null ? null : new ClientStreamingServerMethod<string, string>(service.Up));
            binder.AddMethod(Down, service is null ? null : new ServerStreamingServerMethod<string, string>(service.Down));
            binder.AddMethod(Both, service is null ? null : new DuplexStreamingServerMethod<string, string>(service.Both));
        }
    }
}

/// <summary>Does what a test says.</summary>
public sealed class BytesService : BytesServiceBase
{
    public UnaryServerMethod<string, string> OnUnary { get; set; } = static (request, _) => Task.FromResult(request);

    public ClientStreamingServerMethod<string, string> OnUp { get; set; } = static async (requests, context) =>
    {
        var all = new StringBuilder();
        while (await requests.MoveNext(context.CancellationToken)) all.Append(requests.Current).Append(',');
        return all.ToString();
    };

    public ServerStreamingServerMethod<string, string> OnDown { get; set; } = static async (request, responses, _) =>
    {
        foreach (var part in request.Split(',')) await responses.WriteAsync(part);
    };

    public DuplexStreamingServerMethod<string, string> OnBoth { get; set; } = static async (requests, responses, context) =>
    {
        while (await requests.MoveNext(context.CancellationToken)) await responses.WriteAsync(requests.Current);
    };

    public override Task<string> Unary(string request, ServerCallContext context) => OnUnary(request, context);

    public override Task<string> Up(IAsyncStreamReader<string> requests, ServerCallContext context) => OnUp(requests, context);

    public override Task Down(string request, IServerStreamWriter<string> responses, ServerCallContext context) => OnDown(request, responses, context);

    public override Task Both(IAsyncStreamReader<string> requests, IServerStreamWriter<string> responses, ServerCallContext context) => OnBoth(requests, responses, context);
}

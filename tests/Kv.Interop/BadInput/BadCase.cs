using Google.Protobuf;

namespace Kv.Interop.BadInput;

/// <summary>One thing that a client sends, and what it must get: the same from etcd 3.4 and from this service, unless it says otherwise.</summary>
/// <param name="Name">What is wrong with it.</param>
/// <param name="Send">How it is sent.</param>
internal sealed record BadCase(string Name, Sent Send)
{
    /// <summary>In place of an answer: etcd 3.4 comes to its end over this request (a nil pointer, a panic), so it is not sent to it.</summary>
    public const string Ends = "the server ends";

    /// <summary>What etcd 3.4 answers, where that is not what this service answers.</summary>
    public string? Etcd { get; private init; }

    /// <summary>What this service answers, where that is not what etcd 3.4 answers.</summary>
    public string? Ours { get; private init; }

    /// <summary>Why the two differ; null when they must not.</summary>
    public string? Why { get; private init; }

    /// <summary>The same case with an answer of its own for each, and the reason.</summary>
    public BadCase Differs(string etcd, string ours, string why) => this with { Etcd = etcd, Ours = ours, Why = why };
}

/// <summary>What goes over the wire.</summary>
internal abstract record Sent
{
    private Sent()
    {
    }

    /// <summary>A call over HTTP/2: these bytes as the body, then the end of the request.</summary>
    /// <param name="Path"><c>/package.Service/Method</c>.</param>
    /// <param name="Body">Frames, proper or not.</param>
    public sealed record Call(string Path, byte[] Body) : Sent
    {
        /// <summary>The content type.</summary>
        public string ContentType { get; init; } = "application/grpc";

        /// <summary><c>grpc-encoding</c>; null is none.</summary>
        public string? Encoding { get; init; }

        /// <summary>The verb.</summary>
        public string Verb { get; init; } = "POST";

        /// <summary>Messages after which a stream that stays open has been seen enough; 0 waits for the call's end.</summary>
        public int Take { get; init; }
    }

    /// <summary>Bytes on a fresh connection. The answer is HTTP/1's status, or that the connection was closed.</summary>
    public sealed record Raw(string Bytes) : Sent;

    /// <summary>A call of these messages, each in its frame.</summary>
    /// <param name="method"><c>Service/Method</c> of <c>etcdserverpb</c>.</param>
    /// <param name="messages">The messages.</param>
    public static Call Of(string method, params IEnumerable<IMessage> messages) =>
        new($"/etcdserverpb.{method}", [.. messages.SelectMany(static message => Frame(message.ToByteArray()))]);

    /// <summary>A call whose body is given in hex.</summary>
    public static Call Hex(string method, string hex) => new($"/etcdserverpb.{method}", Convert.FromHexString(hex));

    /// <summary>Prefix and payload.</summary>
    public static byte[] Frame(byte[] payload, byte flag = 0) =>
        [flag, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
}

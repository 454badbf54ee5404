using Google.Protobuf;
using Grpc.Core;

namespace Kv.Gateway.Services;

/// <summary>Marshallers of protobuf messages that read from and write to the call's own buffers.</summary>
internal static class MessageMarshaller
{
    /// <summary>For one message type, both ways.</summary>
    public static Marshaller<T> Of<T>(MessageParser<T> parser)
        where T : class, IMessage<T> => Marshallers.Create(
            static (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
}

using System.IO.Pipelines;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// Handles unary calls. When request and answer are at hand nothing here waits and nothing is allocated besides the call's
/// context; a failed method is looked at through its task, so a status costs no second throw.
/// </summary>
internal sealed class UnaryCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse> invoke, MethodOptions options, ILogger logger)
    : CallHandler(options, logger)
    where TRequest : class
    where TResponse : class
{
    private readonly Func<DeserializationContext, TRequest> _deserialize = method.RequestMarshaller.ContextualDeserializer;
    private readonly Action<TResponse, SerializationContext> _serialize = method.ResponseMarshaller.ContextualSerializer;

    protected override async Task RunAsync(HttpContextServerCallContext call)
    {
        Task<TResponse> answer;
        try
        {
            var body = call.HttpContext.Request.BodyReader;
            TRequest? request = null;
            bool done;
            do
            {
                var pending = body.ReadAsync();
                if (!pending.IsCompleted) call.ArmDeadline();
                var read = await pending.ConfigureAwait(false);
                done = MessageReader.TakeSingle(call, body, read, _deserialize, ref request);
            }
            while (!done);

            answer = invoke(request!, call);
        }
        catch (Exception e)     // of transport, deserializer or method; becomes the call's status
        {
            await EndAsync(call, e).ConfigureAwait(false);
            return;
        }

        if (!answer.IsCompleted)
        {
            call.ArmDeadline();
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!answer.IsCompletedSuccessfully) await EndAsync(call, FailureOf(answer)).ConfigureAwait(false);
        else if (answer.Result is { } response) await EndAsync(call, response, _serialize).ConfigureAwait(false);
        else await EndAsync(call, NoMessage()).ConfigureAwait(false);
    }
}

/// <summary>Handles calls with many requests and one response.</summary>
internal sealed class ClientStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse> invoke, MethodOptions options, ILogger logger)
    : CallHandler(options, logger)
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(HttpContextServerCallContext call)
    {
        LiftRequestLimits(call.HttpContext);
        LiftTimeout(call.HttpContext);
        call.ArmDeadline();
        var reader = new HttpContextStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
        TResponse response;
        try
        {
            response = await invoke(reader, call).ConfigureAwait(false) ?? throw NoMessage();
        }
        catch (Exception e)     // of transport, deserializer or method; becomes the call's status
        {
            reader.Complete();
            await EndAsync(call, e).ConfigureAwait(false);
            return;
        }

        reader.Complete();
        await EndAsync(call, response, method.ResponseMarshaller.ContextualSerializer).ConfigureAwait(false);
    }
}

/// <summary>Handles calls with one request and many responses.</summary>
internal sealed class ServerStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse> invoke, MethodOptions options, ILogger logger)
    : CallHandler(options, logger)
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(HttpContextServerCallContext call)
    {
        LiftTimeout(call.HttpContext);
        call.ArmDeadline();
        var writer = new HttpContextStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer);
        Exception? failure = null;
        try
        {
            var request = await ReadSingleAsync(call, method.RequestMarshaller.ContextualDeserializer).ConfigureAwait(false);
            await invoke(request, writer, call).ConfigureAwait(false);
        }
        catch (Exception e)     // of transport, deserializer or method; becomes the call's status
        {
            failure = e;
        }

        writer.Complete();
        await EndAsync(call, failure).ConfigureAwait(false);
    }
}

/// <summary>Handles calls with many requests and many responses.</summary>
internal sealed class DuplexStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse> invoke, MethodOptions options, ILogger logger)
    : CallHandler(options, logger)
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(HttpContextServerCallContext call)
    {
        LiftRequestLimits(call.HttpContext);
        LiftTimeout(call.HttpContext);
        call.ArmDeadline();
        var reader = new HttpContextStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
        var writer = new HttpContextStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer);
        Exception? failure = null;
        try
        {
            await invoke(reader, writer, call).ConfigureAwait(false);
        }
        catch (Exception e)     // of transport, deserializer or method; becomes the call's status
        {
            failure = e;
        }

        reader.Complete();
        writer.Complete();
        await EndAsync(call, failure).ConfigureAwait(false);
    }
}

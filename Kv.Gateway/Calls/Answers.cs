using Google.Protobuf;
using Kv.Actors.Model;

namespace Kv.Gateway.Calls;

/// <summary>Turns what the node answers into what a gRPC method returns.</summary>
internal static class Answers
{
    /// <summary>A call that failed before anything was asked of the node.</summary>
    public static Task<T> Failed<T>(KvError error) => Task.FromException<T>(ErrorMap.Exception(error));

    /// <summary>The response, or the error as a status.</summary>
    public static T OrThrow<T>(this Outcome<T> outcome)
        where T : class => outcome.Ok ? outcome.Value : throw ErrorMap.Exception(outcome.Error);

    /// <summary>The response once it is there, or the error as a status.</summary>
    public static async Task<T> OrThrow<T>(this Task<Outcome<T>> answered)
        where T : class, IMessage
    {
        var outcome = await answered.ConfigureAwait(false);
        return outcome.Ok ? outcome.Value : throw ErrorMap.Exception(outcome.Error);
    }
}

using Kv.Gateway.Services;
using Microsoft.AspNetCore.Connections;

namespace Kv.Gateway.Http;

/// <summary>Lets a connection serve what its listener is for. Used only where there are listeners that do not serve everything.</summary>
internal static class Listeners
{
    /// <summary>The connection middleware: marks a connection with its listener's role.</summary>
    public static ConnectionDelegate Mark(ConnectionDelegate next, ListenerRole role)
    {
        var mark = new Marked(role);
        return connection =>
        {
            connection.Features.Set(mark);
            return next(connection);
        };
    }

    /// <summary>The request middleware: metrics' listeners get <paramref name="metrics"/>, gRPC's nothing but calls, pages' no calls.</summary>
    public static RequestDelegate Split(RequestDelegate next, RequestDelegate metrics) => context => RoleOf(context) switch
    {
        ListenerRole.Metrics => metrics(context),
        ListenerRole.Grpc when !UnknownMethods.IsCall(context.Request) => Unsupported(context),
        ListenerRole.Http when UnknownMethods.IsGrpcType(context.Request.ContentType) => Plain.NotFound(context),
        _ => next(context),
    };

    private static ListenerRole RoleOf(HttpContext context) => context.Features.Get<Marked>()?.Role ?? ListenerRole.All;

    /// <summary>grpc-go's answer to what is no call.</summary>
    private static Task Unsupported(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
        return Task.CompletedTask;
    }

    private sealed record Marked(ListenerRole Role);
}

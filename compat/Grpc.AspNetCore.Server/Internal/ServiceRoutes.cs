using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>A method and the endpoint to make for it.</summary>
internal sealed record MappedMethod(IMethod Method, RoutePattern Pattern, IList<object> Metadata, RequestDelegate Handler);

/// <summary>The services that have been mapped so far.</summary>
internal sealed class MappedMethods
{
    public HashSet<string> ServiceNames { get; } = new(StringComparer.Ordinal);

    public bool AnswersUnknownServices { get; set; }
}

/// <summary>Makes the endpoints of one service.</summary>
internal sealed class ServiceRoutes<TService>(IEnumerable<IServiceMethodProvider<TService>> providers, CallHandlerFactory<TService> handlers, MappedMethods mapped)
    where TService : class
{
    /// <summary>An endpoint for each method, and unless options say otherwise one for the unknown methods of the service and, once, one for unknown services.</summary>
    public List<IEndpointConventionBuilder> Map(IEndpointRouteBuilder routes)
    {
        var context = new ServiceMethodProviderContext<TService>(handlers);
        foreach (var provider in providers) provider.OnServiceMethodDiscovery(context);

        List<IEndpointConventionBuilder> endpoints = [];
        foreach (var method in context.Methods)
        {
            var endpoint = routes.Map(method.Pattern, method.Handler);
            endpoint.Add(builder =>
            {
                builder.DisplayName = $"gRPC - {method.Pattern.RawText}";
                builder.Metadata.Add(new GrpcMethodMetadata(typeof(TService), method.Method));
                foreach (var item in method.Metadata) builder.Metadata.Add(item);
            });
            endpoints.Add(endpoint);
        }

        if (!handlers.IgnoresUnknownServices && !mapped.AnswersUnknownServices)
        {
            mapped.AnswersUnknownServices = true;
            endpoints.Add(MapUnimplemented(routes, "{unimplementedService}", "Unimplemented service", "Service is unimplemented."));
        }

        foreach (var name in context.Methods.Select(static m => m.Method.ServiceName).Distinct(StringComparer.Ordinal).Where(mapped.ServiceNames.Add))
        {
            if (!handlers.IgnoresUnknownMethods) endpoints.Add(MapUnimplemented(routes, name, $"Unimplemented method for {name}", "Method is unimplemented."));
        }

        return endpoints;
    }

    private IEndpointConventionBuilder MapUnimplemented(IEndpointRouteBuilder routes, string service, string display, string text)
    {
        var status = new Status(StatusCode.Unimplemented, text);
        var logger = handlers.Logger;
        var endpoint = routes.Map($"{service}/{{unimplementedMethod:{UnimplementedConstraint.Name}}}", http =>
        {
            if (UnimplementedConstraint.IsCorsPreflight(http))
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            Log.Unimplemented(logger, http.Request.Path.Value);
            GrpcProtocol.SetContentType(http.Response);
            GrpcProtocol.SetStatus(GrpcProtocol.TrailersOf(http.Response), status);
            return Task.CompletedTask;
        });
        endpoint.Add(builder => builder.DisplayName = $"gRPC - {display}");
        return endpoint;
    }
}

/// <summary>Lets a route match only what looks like a gRPC call, so that it does not take other requests with two segments.</summary>
internal sealed class UnimplementedConstraint : IRouteConstraint
{
    public const string Name = "grpcunimplemented";

    public static bool IsCorsPreflight(HttpContext http)
        => HttpMethods.IsOptions(http.Request.Method) && http.Request.Headers.ContainsKey("Access-Control-Request-Method");

    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection)
        => httpContext is not null
           && (IsCorsPreflight(httpContext) || (HttpMethods.IsPost(httpContext.Request.Method) && GrpcProtocol.IsGrpc(httpContext.Request.ContentType)));
}

namespace Kv.Gateway.Http;

/// <summary>Small HTTP answers with etcd's bodies and headers.</summary>
internal static class Plain
{
    public const string Text = "text/plain; charset=utf-8";

    /// <summary>Writes <paramref name="body"/>.</summary>
    public static Task Write(HttpContext context, int status, string contentType, string body, bool noSniff = false)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        if (noSniff)
        {
            response.Headers.XContentTypeOptions = "nosniff";
        }

        var bytes = System.Text.Encoding.UTF8.GetBytes(body);
        response.ContentLength = bytes.Length;
        return response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    /// <summary>Go's answer to a path nobody serves.</summary>
    public static Task NotFound(HttpContext context) => Write(context, 404, Text, "404 page not found\n", noSniff: true);

    /// <summary>Whether the verb is GET; answers 405 if not.</summary>
    public static bool IsGet(HttpContext context, out Task refusal)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            refusal = Task.CompletedTask;
            return true;
        }

        context.Response.Headers.Allow = "GET";
        refusal = Write(context, 405, Text, "Method Not Allowed\n", noSniff: true);
        return false;
    }

    /// <summary>
    /// What etcd lets browsers do by default (<c>--cors=*</c>); on every answer of the HTTP side. OPTIONS is answered here.
    /// </summary>
    public static RequestDelegate WithCors(RequestDelegate next) => context =>
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = "POST, GET, OPTIONS, PUT, DELETE";
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlAllowHeaders = "accept, content-type, authorization";
        return HttpMethods.IsOptions(context.Request.Method) ? Task.CompletedTask : next(context);
    };
}

using Grpc.Core;

namespace Kv.Gateway.Calls;

/// <summary>Methods of the v3 API that this release does not serve.</summary>
internal static class NotYet
{
    /// <summary>UNIMPLEMENTED with a text that says so.</summary>
    public static RpcException Exception(string method) =>
        new(new Status(StatusCode.Unimplemented, $"{method} is not served by this release of KvActors"));
}

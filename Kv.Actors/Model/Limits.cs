namespace Kv.Actors.Model;

/// <summary>Bounds of what one request may ask for. Defaults are etcd's.</summary>
public static class Limits
{
    /// <summary>Largest replicated request, in bytes, unless configured: 1.5 MiB.</summary>
    public const int DefaultMaxRequestBytes = 1_572_864;

    /// <summary>What a gRPC message may exceed the request limit by, in bytes: 512 KiB for framing and headers.</summary>
    public const int GrpcOverheadBytes = 512 * 1024;

    /// <summary>Operations in one level of a transaction, unless configured.</summary>
    public const int DefaultMaxTxnOps = 128;

    /// <summary>Longest TTL a lease may ask for, in seconds.</summary>
    public const long MaxLeaseTtlSeconds = 9_000_000_000;

    /// <summary>Quota in bytes when 0 is configured: 2 GiB.</summary>
    public const long DefaultQuotaBytes = 2L * 1024 * 1024 * 1024;

    /// <summary>A proposal is refused while commit is this many entries ahead of apply.</summary>
    public const int MaxApplyGap = 5000;
}

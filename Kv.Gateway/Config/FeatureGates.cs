namespace Kv.Gateway.Config;

/// <summary>etcd 3.6's feature gates. In this release each can only be given the state that it has by default.</summary>
public static class FeatureGates
{
    /// <summary>Name and default of every gate.</summary>
    public static IReadOnlyDictionary<string, bool> Defaults { get; } = new Dictionary<string, bool>(StringComparer.Ordinal)
    {
        ["AllAlpha"] = false,
        ["AllBeta"] = false,
        ["StopGRPCServiceOnDefrag"] = false,
        ["InitialCorruptCheck"] = false,
        ["CompactHashCheck"] = false,
        ["TxnModeWriteWithSharedBuffer"] = true,
        ["LeaseCheckpoint"] = false,
        ["LeaseCheckpointPersist"] = false,
        ["SetMemberLocalAddr"] = false,
    };

    /// <summary>What is wrong with <c>Name=true,…</c>; null if nothing is.</summary>
    public static string? Problem(string text)
    {
        foreach (var part in FlagText.List(text))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                return $"missing bool value for {part}";
            }

            var (name, value) = (part[..equals].Trim(), part[(equals + 1)..].Trim());
            if (!Defaults.TryGetValue(name, out var standing))
            {
                return $"unrecognized feature gate: {name}";
            }

            if (FlagText.Bool(value) is not { } wanted)
            {
                return $"invalid value of {name}={value}, err: parse error";
            }

            if (wanted != standing)
            {
                return $"feature gate {name}={value} is not supported yet by this release";
            }
        }

        return null;
    }
}

namespace Kv.Actors.Model;

/// <summary>A lease's id as clients know it; 0 is no lease. Tools print it in lower-case hex.</summary>
public readonly record struct LeaseId(long Value)
{
    /// <summary>No lease.</summary>
    public static readonly LeaseId None;

    /// <summary>Whether this names no lease.</summary>
    public bool IsNone => Value == 0;

    /// <summary>Lower-case hex without padding, as etcd's tools print it.</summary>
    public override string ToString() => Value.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A member's id; 0 is reserved for none.</summary>
public readonly record struct NodeId(ulong Value)
{
    /// <summary>Lower-case hex without padding, as etcd's tools print it.</summary>
    public override string ToString() => Value.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A cluster's id, fixed for its life.</summary>
public readonly record struct ClusterId(ulong Value)
{
    /// <summary>Lower-case hex without padding, as etcd's tools print it.</summary>
    public override string ToString() => Value.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A watcher's id, unique within its stream only; -1 marks refusals and stream-wide progress.</summary>
public readonly record struct WatchId(long Value)
{
    /// <summary>The id of refusals and of stream-wide progress.</summary>
    public static readonly WatchId Invalid = new(-1);
}

/// <summary>Finds the caller that waits for a proposal; unique within a cluster.</summary>
public readonly record struct RequestId(ulong Value);

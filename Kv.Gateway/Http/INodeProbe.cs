using Kv.Actors.Model;

namespace Kv.Gateway.Http;

/// <summary>What health and version pages ask a node. Everything but the reads answers at once.</summary>
public interface INodeProbe
{
    /// <summary>Whether a leader is known.</summary>
    bool HasLeader { get; }

    /// <summary>Whether this member has no vote.</summary>
    bool IsLearner { get; }

    /// <summary>Names of the alarms that any member has, as etcd names them: <c>NOSPACE</c>, <c>CORRUPT</c>. Each once.</summary>
    IReadOnlyCollection<string> Alarms { get; }

    /// <summary>The cluster's version, three numbers (<c>3.6.0</c>), or null before it is agreed on.</summary>
    string? ClusterVersion { get; }

    /// <summary>Reads something small with the rights of root: through consensus, or from this member's state alone.</summary>
    /// <param name="serializable">True reads this member's state without asking the leader.</param>
    /// <param name="cancelled">Ends the wait.</param>
    /// <returns><see cref="KvError.None"/>, or what failed; <see cref="KvError.Timeout"/> after the request timeout.</returns>
    ValueTask<KvError> ReadAsync(bool serializable, CancellationToken cancelled);
}

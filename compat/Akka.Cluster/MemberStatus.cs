namespace Akka.Cluster;

/// <summary>
/// The life of a member.
/// <code>
///  Joining -> WeaklyUp -> Up -> Leaving -> Exiting -> Removed
///      \________________________^                        ^
///  any of them ------------------------------> Down -----+
/// </code>
/// </summary>
public enum MemberStatus
{
    /// <summary>Has asked to join; waits until all have seen it.</summary>
    Joining,

    /// <summary>A member.</summary>
    Up,

    /// <summary>Wants to leave.</summary>
    Leaving,

    /// <summary>All have seen that it leaves; it shuts down.</summary>
    Exiting,

    /// <summary>Declared dead; will be removed.</summary>
    Down,

    /// <summary>Not, or no longer, a member.</summary>
    Removed,

    /// <summary>Let in while somebody is unreachable.</summary>
    WeaklyUp,
}

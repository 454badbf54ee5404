namespace Kv.Actors.Raft;

/// <summary>A node at one moment, to show.</summary>
/// <param name="Id">The node.</param>
/// <param name="Role">What it is.</param>
/// <param name="Term">Its term.</param>
/// <param name="Vote">Whom it voted for in that term.</param>
/// <param name="Leader">Whom it follows.</param>
/// <param name="TransferTarget">Who is about to take over, on a leader.</param>
/// <param name="Committed">Highest committed index it knows.</param>
/// <param name="Applied">Highest applied index.</param>
/// <param name="FirstIndex">First entry in memory.</param>
/// <param name="LastIndex">Last entry.</param>
/// <param name="ConfState">Membership in force.</param>
/// <param name="Progress">One line for each member, on a leader.</param>
public sealed record RaftStatus(
    ulong Id,
    Role Role,
    ulong Term,
    ulong Vote,
    ulong Leader,
    ulong TransferTarget,
    ulong Committed,
    ulong Applied,
    ulong FirstIndex,
    ulong LastIndex,
    ConfState ConfState,
    IReadOnlyList<string> Progress);

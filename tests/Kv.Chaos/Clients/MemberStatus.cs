using Grpc.Core;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Chaos.Servers;

namespace Kv.Chaos.Clients;

/// <summary>What a member says of itself.</summary>
internal sealed record MemberStatus(MemberProcess Member, ulong Id, ulong Leader, ulong Term, long Revision)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>Asks a member; null when it does not answer.</summary>
    public static async Task<MemberStatus?> AskAsync(MemberProcess member)
    {
        if (!member.IsUp)
        {
            return null;
        }
        using var client = new MemberClient("status", member);
        try
        {
            var status = await client.Maintenance.StatusAsync(new StatusRequest(), new CallOptions(deadline: DateTime.UtcNow + s_patience));
            return new MemberStatus(member, status.Header.MemberId, status.Leader, status.RaftTerm, status.Header.Revision);
        }
        catch (RpcException)
        {
            return null;                               // down, paused or starting
        }
    }

    /// <summary>Asks all of them at once.</summary>
    public static async Task<IReadOnlyList<MemberStatus>> AskAllAsync(IEnumerable<MemberProcess> members) =>
        [.. (await Task.WhenAll(members.Select(AskAsync))).OfType<MemberStatus>()];

    /// <summary>Who leads, as the highest term has it; null when nobody knows.</summary>
    public static async Task<MemberProcess?> LeaderAsync(IEnumerable<MemberProcess> members)
    {
        var all = await AskAllAsync(members);
        return all.Where(s => s.Leader == s.Id && s.Id != 0).MaxBy(static s => s.Term)?.Member;
    }
}

using System.Collections.Immutable;
using Akka.Actor;
using Kv.Actors.Cluster;
using Kv.Actors.Peers;

namespace Kv.Actors.Node;

/// <summary>Who a member without an identity is: a founder of a new cluster, or one that joins and is told by the others.</summary>
internal static class FirstStart
{
    /// <summary>How long the members of a cluster are asked for before joining it is given up.</summary>
    private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Works it out.</summary>
    /// <param name="settings">What the first start lists.</param>
    /// <param name="hasLog">There is a log already, of a release that kept no identity: its member founded its cluster.</param>
    /// <param name="system">Whose <c>/user/node</c> is free.</param>
    /// <param name="routes">The way to the members listed.</param>
    /// <param name="environment">Its clock bounds the wait for their answer.</param>
    /// <exception cref="InvalidDataException">The list does not fit the member, or the cluster; etcd's words.</exception>
    public static async Task<MemberIdentity> IdentifyAsync(KvSettings settings, bool hasLog, ActorSystem system, IPeerRoutes routes, NodeEnvironment environment)
    {
        if (!settings.InitialMembers.Any(member => member.Name == settings.Name))
        {
            throw new InvalidDataException(InitialCluster.CannotFind(settings.Name));
        }
        if (settings.JoinsExistingCluster && !hasLog)
        {
            return await JoinAsync(settings, system, routes, environment).ConfigureAwait(false);
        }
        if (!hasLog && InitialCluster.WhyNotFound(settings.InitialMembers, settings.Name, [.. settings.AdvertisePeerUrls]) is { } wrong)
        {
            throw new InvalidDataException(wrong);
        }
        var founders = InitialCluster.Found(settings.InitialMembers, settings.ClusterToken);
        var self = founders.Single(founder => founder.Name == settings.Name).Id;
        return new MemberIdentity(self, MemberIds.Cluster(founders.Select(static founder => founder.Id)), founders, []);
    }

    private static async Task<MemberIdentity> JoinAsync(KvSettings settings, ActorSystem system, IPeerRoutes routes, NodeEnvironment environment)
    {
        IReadOnlyList<InitialMember> others = [.. settings.InitialMembers.Where(member => member.Name != settings.Name)];
        ImmutableArray<string> own = [.. settings.AdvertisePeerUrls];
        var answered = environment.Workers.Promise<PeerMessage.MembersAnswer>();
        var joining = system.ActorOf(Props.Create(() => new JoinActor(others, own, routes, answered)), "node");
        PeerMessage.MembersAnswer answer;
        try
        {
            answer = await answered.Task.WaitAsync(JoinTimeout, environment.Clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new InvalidDataException(
                "cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs: "
                + string.Join(',', others.SelectMany(static other => other.PeerUrls)));
        }
        await joining.GracefulStop(JoinTimeout).ConfigureAwait(false);
        return InitialCluster.Match(settings.InitialMembers, answer.Members, settings.Name, out var self) is { } mismatch
            ? throw new InvalidDataException(
                $"error validating peerURLs {{ClusterID:{answer.Cluster} Members:[{string.Join(' ', answer.Members.Select(static member => string.Join(',', member.PeerUrls)))}]}}: {mismatch}")
            : new MemberIdentity(self, answer.Cluster, [], answer.Members);
    }
}

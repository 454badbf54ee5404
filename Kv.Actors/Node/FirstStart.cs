using System.Collections.Immutable;
using Akka.Actor;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
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
        if (!hasLog && settings.InitialMembers.Count > 1)
        {
            await RefuseSecondLifeAsync(self, settings, system, routes, environment).ConfigureAwait(false);
        }
        return new MemberIdentity(self, MemberIds.Cluster(founders.Select(static founder => founder.Id)), founders, []);
    }

    /// <summary>
    /// A member that was there before and has lost its data must not found its cluster again: the others count on what it promised and
    /// acknowledged, and it would not remember. Where nobody answers, the others are at their first start too.
    /// </summary>
    private static async Task RefuseSecondLifeAsync(NodeId self, KvSettings settings, ActorSystem system, IPeerRoutes routes, NodeEnvironment environment)
    {
        var answer = await AskAsync(settings, settings.ElectionTimeout, system, routes, environment).ConfigureAwait(false);
        if (answer is not null && answer.Members.Any(member => member.Id == self && InitialCluster.HasServed(member)))
        {
            throw new InvalidDataException(InitialCluster.AlreadyBootstrapped(self));
        }
    }

    /// <summary>Asks the other members listed who belongs to the cluster; null when none of them says in time.</summary>
    private static async Task<PeerMessage.MembersAnswer?> AskAsync(
        KvSettings settings, TimeSpan timeout, ActorSystem system, IPeerRoutes routes, NodeEnvironment environment)
    {
        IReadOnlyList<InitialMember> others = [.. settings.InitialMembers.Where(member => member.Name != settings.Name)];
        var ask = new PeerMessage.MembersAsk([.. settings.AdvertisePeerUrls], RunNumber.Of(environment.Clock).Value);
        var answered = environment.Workers.Promise<PeerMessage.MembersAnswer>();
        var stopped = environment.Workers.Promise();
        var asking = system.ActorOf(Props.Create(() => new JoinActor(others, ask, routes, answered, stopped)), "node");
        try
        {
            return await answered.Task.WaitAsync(timeout, environment.Clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            system.Stop(asking);
            await stopped.Task.WaitAsync(JoinTimeout, environment.Clock).ConfigureAwait(false);   // its place is the node's: see Place
        }
    }

    /// <summary>Puts the node where the asker may have stood: its end is told to us a little before its name is free again.</summary>
    public static async Task<IActorRef> PlaceAsync(ActorSystem system, Props node, TimeProvider clock)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return system.ActorOf(node, "node");
            }
            catch (InvalidActorNameException) when (clock.GetElapsedTime(since) < JoinTimeout)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), clock).ConfigureAwait(false);
            }
        }
    }

    private static async Task<MemberIdentity> JoinAsync(KvSettings settings, ActorSystem system, IPeerRoutes routes, NodeEnvironment environment)
    {
        var answer = await AskAsync(settings, JoinTimeout, system, routes, environment).ConfigureAwait(false)
            ?? throw new InvalidDataException(
                "cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs: "
                + string.Join(',', settings.InitialMembers.Where(member => member.Name != settings.Name).SelectMany(static other => other.PeerUrls)));
        return InitialCluster.Match(settings.InitialMembers, answer.Members, settings.Name, out var self) is { } mismatch
            ? throw new InvalidDataException(
                $"error validating peerURLs {{ClusterID:{answer.Cluster} Members:[{string.Join(' ', answer.Members.Select(static member => string.Join(',', member.PeerUrls)))}]}}: {mismatch}")
            : new MemberIdentity(self, answer.Cluster, [], answer.Members);
    }
}

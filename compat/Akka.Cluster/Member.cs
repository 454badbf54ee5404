using System.Collections.Immutable;
using Akka.Actor;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>A node of the cluster as the gossip has it. Two are equal when they are the same run of the same node, whatever their status.</summary>
public class Member : IComparable<Member>, IComparable
{
    /// <summary>By host, then port.</summary>
    public static readonly IComparer<Address> AddressOrdering = Comparer<Address>.Create(static (x, y) =>
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var hosts = string.CompareOrdinal(x.Host ?? "", y.Host ?? "");
        return hosts != 0 ? hosts : Nullable.Compare(x.Port, y.Port);
    });

    /// <summary>The oldest first.</summary>
    public static readonly IComparer<Member> AgeOrdering = Comparer<Member>.Create(static (a, b) =>
        a.Equals(b) ? 0 : a.IsOlderThan(b) ? -1 : 1);

    /// <summary>Who may lead when nobody is up: the fitter status first, then by address.</summary>
    internal static readonly IComparer<Member> LeaderOrdering = Comparer<Member>.Create(static (a, b) =>
    {
        var fitness = Unfitness(a.Status).CompareTo(Unfitness(b.Status));
        return fitness != 0 ? fitness : a.CompareTo(b);

        static int Unfitness(MemberStatus status) => status switch
        {
            MemberStatus.Down => 4,
            MemberStatus.Exiting => 3,
            MemberStatus.Joining => 2,
            MemberStatus.WeaklyUp => 1,
            _ => 0,
        };
    });

    private Member(UniqueAddress uniqueAddress, int upNumber, MemberStatus status, ImmutableHashSet<string> roles, AppVersion appVersion)
    {
        UniqueAddress = uniqueAddress;
        UpNumber = upNumber;
        Status = status;
        Roles = roles;
        AppVersion = appVersion;
    }

    /// <summary>Which run of which node.</summary>
    public UniqueAddress UniqueAddress { get; }

    /// <summary>Where it is.</summary>
    public Address Address => UniqueAddress.Address;

    /// <summary>How far it is.</summary>
    public MemberStatus Status { get; }

    /// <summary>What it is for.</summary>
    public ImmutableHashSet<string> Roles { get; }

    /// <summary>Of the program it runs.</summary>
    public AppVersion AppVersion { get; }

    /// <summary>The how-manieth to come up; <see cref="int.MaxValue"/> before.</summary>
    internal int UpNumber { get; }

    internal static Member Create(UniqueAddress node, ImmutableHashSet<string> roles, AppVersion appVersion) =>
        new(node, int.MaxValue, MemberStatus.Joining, roles, appVersion);

    internal static Member Create(UniqueAddress node, int upNumber, MemberStatus status, ImmutableHashSet<string> roles, AppVersion appVersion) =>
        new(node, upNumber, status, roles, appVersion);

    /// <summary>What stands for a node that is no member.</summary>
    internal static Member Removed(UniqueAddress node) => new(node, int.MaxValue, MemberStatus.Removed, [], AppVersion.Zero);

    /// <summary>Whether it has a role.</summary>
    public bool HasRole(string role) => Roles.Contains(role);

    /// <summary>Whether it came up before another. Only members of now are comparable: a number is used again once its member is gone.</summary>
    public bool IsOlderThan(Member other) => UpNumber == other.UpNumber
        ? AddressOrdering.Compare(Address, other.Address) < 0
        : UpNumber < other.UpNumber;

    /// <summary>The same with another status.</summary>
    /// <exception cref="InvalidOperationException">No way leads there.</exception>
    public Member Copy(MemberStatus status)
    {
        if (status == Status) return this;
        if (!MayBecome(Status, status)) throw new InvalidOperationException($"Invalid member status transition {Status} -> {status}");
        return new Member(UniqueAddress, UpNumber, status, Roles, AppVersion);
    }

    /// <summary>The same, come up as the <paramref name="upNumber"/>th.</summary>
    public Member CopyUp(int upNumber) => new Member(UniqueAddress, upNumber, Status, Roles, AppVersion).Copy(MemberStatus.Up);

    internal static bool MayBecome(MemberStatus from, MemberStatus to) => (from, to) switch
    {
        (MemberStatus.Removed, _) => false,
        (_, MemberStatus.Removed) => true,
        (MemberStatus.Down, _) => false,
        (_, MemberStatus.Down) => true,
        (MemberStatus.Joining, MemberStatus.WeaklyUp or MemberStatus.Up or MemberStatus.Leaving) => true,
        (MemberStatus.WeaklyUp, MemberStatus.Up or MemberStatus.Leaving) => true,
        (MemberStatus.Up, MemberStatus.Leaving) => true,
        (MemberStatus.Leaving, MemberStatus.Exiting) => true,
        _ => false,
    };

    /// <summary>Of two views of one member the one further on; of two as far the one that came up earlier.</summary>
    public static Member HighestPriorityOf(Member m1, Member m2)
    {
        if (m1.Status == m2.Status) return m1.IsOlderThan(m2) ? m1 : m2;
        return Progress(m1.Status) >= Progress(m2.Status) ? m1 : m2;

        static int Progress(MemberStatus status) => status switch
        {
            MemberStatus.Joining => 0,
            MemberStatus.WeaklyUp => 1,
            MemberStatus.Up => 2,
            MemberStatus.Leaving => 3,
            MemberStatus.Exiting => 4,
            MemberStatus.Down => 5,
            _ => 6,
        };
    }

    /// <summary>Both sets as one. A member in one of them alone that is down or exiting has been removed by the other.</summary>
    public static ImmutableHashSet<Member> PickHighestPriority(IEnumerable<Member> a, IEnumerable<Member> b)
    {
        var picked = ImmutableHashSet.CreateBuilder<Member>();
        foreach (var views in a.Concat(b).GroupBy(static m => m.UniqueAddress))
        {
            var pair = views.ToList();
            if (pair.Count == 2) picked.Add(HighestPriorityOf(pair[0], pair[1]));
            else if (pair[0].Status is not (MemberStatus.Down or MemberStatus.Exiting)) picked.Add(pair[0]);
        }

        return picked.ToImmutable();
    }

    /// <summary>Of two views of one member the later one.</summary>
    /// <exception cref="ArgumentException">Neither can have come after the other.</exception>
    public static Member PickNextTransition(Member a, Member b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Status == b.Status) return a.IsOlderThan(b) ? a : b;
        if (MayBecome(a.Status, b.Status)) return b;
        if (MayBecome(b.Status, a.Status)) return a;
        throw new ArgumentException($"Invalid transition between [{a}] and [{b}]");
    }

    /// <summary>Both sets as one, each member as far as it got.</summary>
    public static ImmutableSortedSet<Member> PickNextTransition(IEnumerable<Member> a, IEnumerable<Member> b)
    {
        var picked = ImmutableSortedSet.CreateBuilder<Member>();
        foreach (var views in a.Concat(b).GroupBy(static m => m.UniqueAddress)) picked.Add(views.Aggregate(PickNextTransition));
        return picked.ToImmutable();
    }

    /// <inheritdoc/>
    public int CompareTo(Member other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return UniqueAddress.CompareTo(other.UniqueAddress);
    }

    int IComparable.CompareTo(object obj) => obj is Member other
        ? CompareTo(other)
        : throw new ArgumentException($"Cannot compare {nameof(Member)} to an instance of type '{obj?.GetType().FullName ?? "null"}'", nameof(obj));

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is Member other && UniqueAddress.Equals(other.UniqueAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => UniqueAddress.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() =>
        $"Member(address = {Address}, Uid={UniqueAddress.Uid} status = {Status}, role=[{string.Join(",", Roles)}], upNumber={UpNumber}, version={AppVersion})";
}

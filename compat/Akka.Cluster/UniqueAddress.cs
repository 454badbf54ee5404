using Akka.Actor;

namespace Akka.Cluster;

/// <summary>One run of a node: its address, and a number that differs after each restart.</summary>
public class UniqueAddress : IComparable<UniqueAddress>, IEquatable<UniqueAddress>, IComparable
{
    /// <summary>From its parts.</summary>
    public UniqueAddress(Address address, int uid)
    {
        Address = address;
        Uid = uid;
    }

    /// <summary>Where the node is.</summary>
    public Address Address { get; }

    /// <summary>Which run of it.</summary>
    public int Uid { get; }

    /// <inheritdoc/>
    public bool Equals(UniqueAddress other) => other is not null && Uid == other.Uid && Address.Equals(other.Address);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as UniqueAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => Uid;

    /// <inheritdoc/>
    public int CompareTo(UniqueAddress uniqueAddress)
    {
        ArgumentNullException.ThrowIfNull(uniqueAddress);
        var places = Member.AddressOrdering.Compare(Address, uniqueAddress.Address);
        return places != 0 ? places : Uid.CompareTo(uniqueAddress.Uid);
    }

    int IComparable.CompareTo(object obj) => obj is UniqueAddress other
        ? CompareTo(other)
        : throw new ArgumentException($"Cannot compare {nameof(UniqueAddress)} with instance of type '{obj?.GetType().FullName ?? "null"}'.", nameof(obj));

    /// <inheritdoc/>
    public override string ToString() => $"UniqueAddress: ({Address}, {Uid})";

    /// <summary>Whether both are the same run of the same node.</summary>
    public static bool operator ==(UniqueAddress left, UniqueAddress right) => Equals(left, right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(UniqueAddress left, UniqueAddress right) => !Equals(left, right);
}

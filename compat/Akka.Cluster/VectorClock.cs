using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Akka.Cluster;

/// <summary>
/// How many changes of each node a state holds; of two states it tells which came after, or that neither did (Lamport; Fidge; Mattern).
/// <code>
///  {a:2 b:1}  after       {a:1 b:1}     all counts at least as high
///  {a:2 b:1}  concurrent  {a:1 b:2}     each has a change that the other lacks
///  merged     {a:2 b:2}                 after both
/// </code>
/// </summary>
public sealed class VectorClock
{
    private VectorClock(ImmutableSortedDictionary<Node, long> versions) => Versions = versions;

    /// <summary>What holds of two clocks.</summary>
    public enum Ordering
    {
        /// <summary>The first came after the second.</summary>
        After,

        /// <summary>The first came before the second.</summary>
        Before,

        /// <summary>They are the same.</summary>
        Same,

        /// <summary>Neither came after the other.</summary>
        Concurrent,

        /// <summary>No answer, only a way to ask for the full one; no comparison gives it.</summary>
        FullOrder,
    }

    /// <summary>Changes by node.</summary>
    public ImmutableSortedDictionary<Node, long> Versions { get; }

    /// <summary>Without changes.</summary>
    public static VectorClock Create() => new(ImmutableSortedDictionary<Node, long>.Empty);

    /// <summary>With changes.</summary>
    public static VectorClock Create(ImmutableSortedDictionary<Node, long> seedValues) => new(seedValues);

    /// <summary>One more change of a node.</summary>
    public VectorClock Increment(Node node) => new(Versions.SetItem(node, Versions.GetValueOrDefault(node) + 1));

    /// <summary>The earliest clock that came after both.</summary>
    public VectorClock Merge(VectorClock that)
    {
        var merged = Versions.ToBuilder();
        foreach (var (node, count) in that.Versions) merged[node] = Math.Max(count, merged.GetValueOrDefault(node));
        return new VectorClock(merged.ToImmutable());
    }

    /// <summary>Without a node that is gone.</summary>
    public VectorClock Prune(Node removedNode) => Versions.ContainsKey(removedNode) ? new VectorClock(Versions.Remove(removedNode)) : this;

    /// <summary>What holds of the two.</summary>
    public Ordering CompareTo(VectorClock that)
    {
        ArgumentNullException.ThrowIfNull(that);
        if (ReferenceEquals(this, that) || ReferenceEquals(Versions, that.Versions)) return Ordering.Same;
        var ahead = Versions.Any(change => change.Value > that.Versions.GetValueOrDefault(change.Key));
        var behind = that.Versions.Any(change => change.Value > Versions.GetValueOrDefault(change.Key));
        return (ahead, behind) switch
        {
            (true, true) => Ordering.Concurrent,
            (true, false) => Ordering.After,
            (false, true) => Ordering.Before,
            _ => Ordering.Same,
        };
    }

    /// <summary>Whether this came before.</summary>
    public bool IsBefore(VectorClock that) => CompareTo(that) == Ordering.Before;

    /// <summary>Whether this came after.</summary>
    public bool IsAfter(VectorClock that) => CompareTo(that) == Ordering.After;

    /// <summary>Whether both are the same.</summary>
    public bool IsSameAs(VectorClock that) => CompareTo(that) == Ordering.Same;

    /// <summary>Whether neither came after the other.</summary>
    public bool IsConcurrentWith(VectorClock that) => CompareTo(that) == Ordering.Concurrent;

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is VectorClock other && IsSameAs(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var change in Versions) hash.Add(change);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => $"VectorClock({string.Join(", ", Versions.Select(static change => $"{change.Key}->{change.Value}"))})";

    /// <summary>Whether the first came after the second.</summary>
    public static bool operator >(VectorClock left, VectorClock right) => left.IsAfter(right);

    /// <summary>Whether the first came before the second.</summary>
    public static bool operator <(VectorClock left, VectorClock right) => left.IsBefore(right);

    /// <summary>Whether both are the same.</summary>
    public static bool operator ==(VectorClock left, VectorClock right) => Equals(left, right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(VectorClock left, VectorClock right) => !Equals(left, right);

    /// <summary>A node, by a digest of its name.</summary>
    public class Node : IComparable<Node>
    {
        private readonly string _digest;

        /// <summary>From its digest.</summary>
        public Node(string value) => _digest = value;

        /// <summary>From its name.</summary>
        public static Node Create(string name) => new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8)));

        /// <summary>From its digest.</summary>
        public static Node FromHash(string hash) => new(hash);

        /// <inheritdoc/>
        public int CompareTo(Node other) => string.CompareOrdinal(_digest, other?._digest);

        /// <inheritdoc/>
        public override bool Equals(object obj) => obj is Node other && _digest == other._digest;

        /// <inheritdoc/>
        public override int GetHashCode() => _digest.GetHashCode(StringComparison.Ordinal);

        /// <inheritdoc/>
        public override string ToString() => _digest;
    }
}

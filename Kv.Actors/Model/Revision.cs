namespace Kv.Actors.Model;

/// <summary>A point in history: <paramref name="Main"/> counts write transactions, <paramref name="Sub"/> the changes inside one.</summary>
/// <remarks>An empty store is at main revision 1; the first write gets 2. Source: reference, data model.</remarks>
public readonly record struct Revision(long Main, int Sub) : IComparable<Revision>
{
    /// <summary>Orders by main, then sub.</summary>
    public int CompareTo(Revision other) => Main != other.Main ? Main.CompareTo(other.Main) : Sub.CompareTo(other.Sub);

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/>.</summary>
    public static bool operator <(Revision left, Revision right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> comes after <paramref name="right"/>.</summary>
    public static bool operator >(Revision left, Revision right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/> or is the same.</summary>
    public static bool operator <=(Revision left, Revision right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> comes after <paramref name="right"/> or is the same.</summary>
    public static bool operator >=(Revision left, Revision right) => left.CompareTo(right) >= 0;

    /// <summary><c>main/sub</c>, as logs show it.</summary>
    public override string ToString() => $"{Main}/{Sub}";
}

using Kv.Actors.Model;

namespace Kv.Testing;

/// <summary>Decides the fate of each message between numbered nodes: lost, repeated, late, overtaken, cut off.</summary>
/// <remarks>It only decides; the simulation delivers. Delays are in the simulation's units.</remarks>
public sealed class SimNetwork(Prng random)
{
    private readonly HashSet<(ulong From, ulong To)> _cut = [];

    /// <summary>Probability that a message is lost.</summary>
    public double Drop { get; set; }

    /// <summary>Probability that a message arrives twice.</summary>
    public double Duplicate { get; set; }

    /// <summary>Probability that a message takes up to ten times as long: long enough to meet a later term.</summary>
    public double Late { get; set; }

    /// <summary>Shortest delay.</summary>
    public int MinDelay { get; set; } = 1;

    /// <summary>Longest usual delay. Messages overtake each other whenever it exceeds <see cref="MinDelay"/>.</summary>
    public int MaxDelay { get; set; } = 10;

    /// <summary>Whether a message sent now would be cut off; one on its way still arrives.</summary>
    public bool IsCut(ulong from, ulong to) => _cut.Contains((from, to));

    /// <summary>Cuts one direction.</summary>
    public void Cut(ulong from, ulong to) => _cut.Add((from, to));

    /// <summary>Cuts both directions between the two groups.</summary>
    public void Partition(IReadOnlyCollection<ulong> one, IReadOnlyCollection<ulong> other)
    {
        foreach (var a in one)
        {
            foreach (var b in other)
            {
                Cut(a, b);
                Cut(b, a);
            }
        }
    }

    /// <summary>Mends all cuts.</summary>
    public void Mend() => _cut.Clear();

    /// <summary>No faults from here on.</summary>
    public void Heal()
    {
        Mend();
        (Drop, Duplicate, Late) = (0, 0, 0);
    }

    /// <summary>Where a message sent now will arrive: nowhere, once or twice.</summary>
    /// <param name="from">Sender.</param>
    /// <param name="to">Receiver.</param>
    /// <param name="delays">Room for two delays.</param>
    /// <returns>How many were written.</returns>
    public int Fate(ulong from, ulong to, Span<int> delays)
    {
        if (IsCut(from, to) || random.NextBool(Drop)) return 0;
        delays[0] = Delay();
        if (!random.NextBool(Duplicate)) return 1;
        delays[1] = Delay();
        return 2;
    }

    private int Delay()
    {
        var delay = random.NextInt(MinDelay, MaxDelay + 1);
        return random.NextBool(Late) ? delay * random.NextInt(2, 11) : delay;
    }
}

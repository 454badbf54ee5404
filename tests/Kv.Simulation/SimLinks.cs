using Kv.Actors.Model;
using Kv.Simulation.Machines;

namespace Kv.Simulation;

/// <summary>The network: a link for each direction between two machines, and a way between clients and each machine.</summary>
internal sealed class SimLinks
{
    private readonly SimWorld _world;
    private readonly SortedDictionary<(int From, int To), SimLink> _links = [];
    private readonly HashSet<int> _hidden = [];
    private readonly Prng _random;

    public SimLinks(SimWorld world, Prng random)
    {
        _world = world;
        _random = random;
        KeepsOrder = random.NextBool(0.5);
        Loss = random.NextBool(0.3) ? random.NextDouble() * 0.3 : 0;
        Duplicates = random.NextBool(0.3) ? random.NextDouble() * 0.5 : 0;
        Slowest = TimeSpan.FromMicroseconds(200 << random.NextInt(9));
    }

    /// <summary>Whether a link delivers in the order of sending, as TCP does; without it messages overtake each other.</summary>
    public bool KeepsOrder { get; set; }

    /// <summary>Share of messages that are lost.</summary>
    public double Loss { get; set; }

    /// <summary>Share of messages that come twice.</summary>
    public double Duplicates { get; set; }

    /// <summary>Longest usual time on the way.</summary>
    public TimeSpan Slowest { get; set; }

    /// <summary>Messages sent, lost and delivered.</summary>
    public (long Sent, long Lost, long Delivered) Counts { get; private set; }

    /// <summary>All links, in order.</summary>
    public IEnumerable<SimLink> All => _links.Values;

    /// <summary>A link.</summary>
    public SimLink this[int from, int to]
    {
        get
        {
            if (!_links.TryGetValue((from, to), out var link)) _links.Add((from, to), link = new SimLink());
            return link;
        }
    }

    /// <summary>Whether clients' packets come through to a machine, and its to them.</summary>
    public bool ClientReaches(SimMachine machine) => !_hidden.Contains(machine.Number);

    /// <summary>Cuts clients off from a machine.</summary>
    public void Hide(SimMachine machine) => _hidden.Add(machine.Number);

    /// <summary>Lets them through again.</summary>
    public void Show(SimMachine machine) => _hidden.Remove(machine.Number);

    /// <summary>Mends everything, lets go of what was held up, and loses nothing from here on.</summary>
    public void Heal()
    {
        _hidden.Clear();
        (Loss, Duplicates) = (0, 0);
        Slowest = TimeSpan.FromMilliseconds(1);
        foreach (var link in _links.Values)
        {
            link.IsCut = false;
            Unclog(link);
        }
    }

    /// <summary>Whatever waits on a link comes through, and what follows.</summary>
    public static void Unclog(SimLink link)
    {
        link.IsClogged = false;
        foreach (var arrive in link.TakeHeld()) Arrive(link, arrive);
    }

    /// <summary>Carries a message, if it is not lost: nothing of the sender's memory reaches the receiver but bytes.</summary>
    /// <param name="from">Sender's number.</param>
    /// <param name="to">Receiver's number.</param>
    /// <param name="bytes">How long it is, which takes its time.</param>
    /// <param name="arrive">Called when it arrives.</param>
    public void Send(int from, int to, int bytes, Action arrive)
    {
        var link = this[from, to];
        _world.Happened(Happening.Send, from, to, bytes);
        Counts = Counts with { Sent = Counts.Sent + 1 };
        if (link.IsCut || _random.NextBool(Loss))
        {
            Lose(from, to);
            return;
        }

        for (var copies = _random.NextBool(Duplicates) ? 2 : 1; copies > 0; copies--)
        {
            var span = TimeSpan.FromMicroseconds(30 + (bytes / 500.0)) + (Slowest * _random.NextDouble());
            if (!KeepsOrder && _random.NextBool(0.02)) span *= 10;
            var at = _world.Timeline.Now + span.Ticks;
            if (KeepsOrder) at = link.LastArrival = Math.Max(at, link.LastArrival + 1);
            _world.Timeline.At(at, () => Arrive(link, () =>
            {
                if (link.IsCut)
                {
                    Lose(from, to);
                    return;
                }

                Counts = Counts with { Delivered = Counts.Delivered + 1 };
                _world.Happened(Happening.Deliver, from, to, bytes);
                arrive();
            }));
        }
    }

    private static void Arrive(SimLink link, Action arrive)
    {
        if (link.IsClogged) link.Hold(arrive);
        else arrive();
    }

    private void Lose(int from, int to)
    {
        Counts = Counts with { Lost = Counts.Lost + 1 };
        _world.Happened(Happening.Lose, from, to, 0);
    }
}

/// <summary>One direction between two machines.</summary>
internal sealed class SimLink
{
    private const int MostHeld = 10_000;
    private readonly List<Action> _held = [];

    /// <summary>Nothing comes through, and what is on its way is lost.</summary>
    public bool IsCut { get; set; }

    /// <summary>Nothing comes through for now; it is kept.</summary>
    public bool IsClogged { get; set; }

    /// <summary>When the last message that keeps its order arrives.</summary>
    public long LastArrival { get; set; }

    /// <summary>Keeps a message.</summary>
    public void Hold(Action arrive)
    {
        if (_held.Count < MostHeld) _held.Add(arrive);
    }

    /// <summary>Takes what is kept.</summary>
    public IReadOnlyList<Action> TakeHeld()
    {
        var held = _held.ToArray();
        _held.Clear();
        return held;
    }
}

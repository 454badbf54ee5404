using Kv.Actors.Model;

namespace Kv.Simulation.Machines;

/// <summary>How long a machine's disk takes: usually a fraction of a millisecond, at times much longer, at times for ever.</summary>
internal sealed class SimDrive(SimMachine machine, Prng random)
{
    private readonly List<(SimProcess Process, string Name, Action Work)> _held = [];

    /// <summary>Shortest time of a step.</summary>
    public TimeSpan Fastest { get; set; } = TimeSpan.FromMicroseconds(80);

    /// <summary>Longest usual time of a step.</summary>
    public TimeSpan Slowest { get; set; } = TimeSpan.FromMicroseconds(900);

    /// <summary>Whether nothing comes back at all.</summary>
    public bool IsStuck { get; private set; }

    /// <summary>Does a step once the disk has taken its time for it.</summary>
    public void After(SimProcess process, string name, Action work)
    {
        if (IsStuck)
        {
            _held.Add((process, name, work));
            return;
        }

        var span = Fastest + ((Slowest - Fastest) * random.NextDouble());
        machine.World.Timeline.After(span, () =>
        {
            if (process.IsGone) return;
            if (IsStuck)
            {
                _held.Add((process, name, work));
                return;
            }

            machine.World.Happened(Happening.Work, machine.Number, Fingerprint.Of(name), 0);
            process.Queue(work);
        });
    }

    /// <summary>Takes its usual time again.</summary>
    public void BeNormal() => Slowest = TimeSpan.FromMicroseconds(900);

    /// <summary>Nothing comes back from here on.</summary>
    public void Stick()
    {
        IsStuck = true;
        if (machine.Process is { } process) process.WasHeldUp = true;
    }

    /// <summary>What has waited goes on.</summary>
    public void Unstick()
    {
        IsStuck = false;
        var held = _held.ToArray();
        _held.Clear();
        foreach (var (process, name, work) in held)
        {
            if (!process.IsGone) After(process, name, work);
        }
    }
}

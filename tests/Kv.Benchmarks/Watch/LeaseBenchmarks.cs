using BenchmarkDotNet.Attributes;
using Kv.Actors.Lease;
using Kv.Actors.Model;

namespace Kv.Benchmarks.Watch;

/// <summary>What a keep-alive and a grant cost with 100,000 live leases.</summary>
[MemoryDiagnoser]
public class LeaseBenchmarks
{
    private const int Leases = 100_000;
    private LeaseClock _clock = null!;
    private Lessor _lessor = null!;
    private LeaseTable _table = null!;
    private MonotonicTime _now;
    private long _next;

    /// <summary>Grants the leases.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _table = new LeaseTable(2);
        for (var i = 1; i <= Leases; i++)
        {
            _table.Grant(new LeaseId(i), 60, out _);
        }
        _lessor = new Lessor(new LessorLimits());
        _lessor.Promote(default, TimeSpan.Zero, _table.View());
        _clock = new LeaseClock(TimeProvider.System, new LessorLimits());
    }

    /// <summary>One keep-alive; the clock moves so that no lease ever expires.</summary>
    [Benchmark]
    public Renewal Renew()
    {
        _now = _now.Plus(TimeSpan.FromMicroseconds(10));
        return _lessor.Renew(new LeaseId((_next++ * 7919 % Leases) + 1), _now, out _);
    }

    /// <summary>A keep-alive by the gateway's path for a lease that is not there: lock, clock and lookup.</summary>
    [Benchmark]
    public Renewal Clock() => _clock.Renew(new LeaseId(1), out _);

    /// <summary>One grant, its revocation, and the view a root takes of the table between.</summary>
    [Benchmark]
    public int GrantAndRevoke()
    {
        _table.Grant(new LeaseId(Leases + 1), 60, out _);
        var count = _table.View().Count;
        _table.Revoke(new LeaseId(Leases + 1), out _);
        return count;
    }
}

using Akka.Actor;
using Akka.Configuration;
using Akka.Remote;
using Akka.Util;

namespace Kv.Compat.Tests.ClusterCore;

/// <summary>Suspicion by φ, on a clock that the test moves.</summary>
public sealed class FailureDetectorTests
{
    private long _now = 1_000;

    private PhiAccrualFailureDetector Detector(double threshold = 8, double pauseSeconds = 0, double deviationMs = 100) =>
        new(threshold, 1000, TimeSpan.FromMilliseconds(deviationMs), TimeSpan.FromSeconds(pauseSeconds), TimeSpan.FromSeconds(1), () => _now);

    private void Beat(FailureDetector detector, int times, int every = 1_000)
    {
        for (var i = 0; i < times; i++)
        {
            detector.HeartBeat();
            _now += every;
        }
    }

    [Fact]
    public void Before_the_first_heartbeat_nobody_is_suspected_or_watched()
    {
        var detector = Detector();
        Assert.False(detector.IsMonitoring);
        Assert.True(detector.IsAvailable);
        _now += 1_000_000;
        Assert.True(detector.IsAvailable);
        detector.HeartBeat();
        Assert.True(detector.IsMonitoring);
    }

    [Fact]
    public void Silence_after_regular_heartbeats_is_suspicious_soon_and_a_heartbeat_clears_it()
    {
        var detector = Detector();
        Beat(detector, 20);
        Assert.True(detector.IsAvailable);      // 1 s of silence: as always
        _now += 1_000;
        Assert.False(detector.IsAvailable);     // 2 s, at a deviation of 100 ms
        detector.HeartBeat();
        Assert.True(detector.IsAvailable);
    }

    [Fact]
    public void The_acceptable_pause_is_forgiven_on_top()
    {
        var detector = Detector(pauseSeconds: 3);
        Beat(detector, 20);
        _now += 2_800;
        Assert.True(detector.IsAvailable);
        _now += 1_500;
        Assert.False(detector.IsAvailable);
    }

    [Fact]
    public void One_heartbeat_alone_is_enough_to_be_found_silent()
    {
        var detector = Detector();
        detector.HeartBeat();
        _now += 1_000;
        Assert.True(detector.IsAvailable);
        _now += 9_000;
        Assert.False(detector.IsAvailable);
    }

    [Fact]
    public void Irregular_heartbeats_buy_patience()
    {
        var steady = Detector();
        Beat(steady, 50);
        var start = _now;
        var wild = Detector();
        for (var i = 0; i < 50; i++) Beat(wild, 1, every: i % 2 == 0 ? 200 : 1_800);
        _now += 600;
        Assert.True(wild.IsAvailable);
        _now = start + 1_400;
        Assert.False(steady.IsAvailable);
    }

    [Fact]
    public void Suspicion_never_falls_while_silence_lasts()
    {
        // The threshold is the only window on φ: whoever crosses a higher one has crossed every lower one before.
        var crossed = new List<int>();
        foreach (var threshold in new[] { 1, 3, 8, 12, 16 })
        {
            _now = 0;
            var detector = Detector(threshold, deviationMs: 50);
            Beat(detector, 30);
            var waited = 0;
            while (detector.IsAvailable && waited < 60_000) (_now, waited) = (_now + 1, waited + 1);
            crossed.Add(waited);
        }

        Assert.Equal(crossed.Order(), crossed);
        Assert.Equal(crossed.Count, crossed.Distinct().Count());
        Assert.All(crossed, waited => Assert.InRange(waited, 1, 5_000));
    }

    [Fact]
    public void A_registry_keeps_one_detector_for_each_resource()
    {
        var registry = new DefaultFailureDetectorRegistry<Address>(() => Detector());
        var (a, b) = (Address.Parse("akka.tcp://s@a:1"), Address.Parse("akka.tcp://s@b:2"));
        Assert.True(registry.IsAvailable(a));
        Assert.False(registry.IsMonitoring(a));
        registry.Heartbeat(a);
        _now += 20_000;
        registry.Heartbeat(b);
        Assert.False(registry.IsAvailable(a));
        Assert.True(registry.IsAvailable(b));
        Assert.True(registry.IsMonitoring(a));
        registry.Remove(a);
        Assert.True(registry.IsAvailable(a));
        Assert.False(registry.IsMonitoring(a));
        registry.Reset();
        Assert.False(registry.IsMonitoring(b));
    }

    [Fact]
    public async Task A_detector_is_made_by_its_class_name()
    {
        var system = ActorSystem.Create("detectors");
        Config config = "threshold = 8, max-sample-size = 10, min-std-deviation = 100ms, acceptable-heartbeat-pause = 3s, heartbeat-interval = 1s";
        var detector = FailureDetectorLoader.Load("Akka.Remote.PhiAccrualFailureDetector, Akka.Remote", config, system);
        Assert.IsType<PhiAccrualFailureDetector>(detector);
        Assert.Throws<ConfigurationException>(() => FailureDetectorLoader.Load("No.Such.Detector, Akka.Remote", config, system));
        await system.Terminate().WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("1.2.3", "1.2.4")]
    [InlineData("1.2.9", "1.10.0")]
    [InlineData("1.9", "2.0")]
    [InlineData("1.2.3-RC1", "1.2.3-RC2")]
    [InlineData("1.2.3+9-aa", "1.2.3+10-bb")]
    public void Versions_are_ordered_by_number(string lower, string higher)
    {
        Assert.True(AppVersion.Create(lower).CompareTo(AppVersion.Create(higher)) < 0);
        Assert.True(AppVersion.Create(higher).CompareTo(AppVersion.Create(lower)) > 0);
        Assert.Equal(AppVersion.Create(lower), AppVersion.Create(lower));
        Assert.NotEqual(AppVersion.Create(lower), AppVersion.Create(higher));
    }

    [Fact]
    public void A_version_of_four_numbers_or_none_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => AppVersion.Create("1.2.3.4"));
        Assert.Throws<ArgumentOutOfRangeException>(() => AppVersion.Create(""));
        Assert.Equal("0.0.0", AppVersion.Zero.Version);
    }
}

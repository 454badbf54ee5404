using Kv.Actors.Cluster;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;

namespace Kv.Actors.Apply;

/// <summary>The alarms as gauges: 1 while one is raised, 0 once it was cleared.</summary>
internal sealed class AlarmGauges(Metrics metrics)
{
    private AlarmSet _shown = AlarmSet.Empty;

    /// <summary>Shows <paramref name="alarms"/>; one comparison when nothing changed.</summary>
    public void Show(AlarmSet alarms)
    {
        if (ReferenceEquals(alarms, _shown))
        {
            return;
        }
        foreach (var cleared in _shown.All.Where(alarm => !alarms.Contains(new NodeId(alarm.MemberID), alarm.Alarm)))
        {
            GaugeOf(cleared).Set(0);
        }
        foreach (var raised in alarms.All)
        {
            GaugeOf(raised).Set(1);
        }
        _shown = alarms;
    }

    private Gauge GaugeOf(AlarmMember alarm) =>
        metrics.Alarms.With(new NodeId(alarm.MemberID).ToString(), alarm.Alarm == AlarmType.Corrupt ? "CORRUPT" : "NOSPACE");
}

using Akka.Configuration;

namespace Kv.Testing;

/// <summary>Akka's test kit for a machine that has other work: what must come is waited for until nobody would.</summary>
/// <remarks>
/// Akka's own default of 3 seconds is shorter than a busy machine's pauses. It costs nothing where a test passes: only what never
/// comes is waited for so long. <c>ExpectNoMsg</c> has to be given its time here, else it waits all of <see cref="Patience"/>.
/// </remarks>
public abstract class PatientTestKit : Akka.TestKit.Xunit2.TestKit
{
    /// <summary>How long a test waits for what must come, in real time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly Config s_patience = 
        ConfigurationFactory.ParseString($"akka.test {{ single-expect-default = {Patience.TotalSeconds}s, filter-leeway = {Patience.TotalSeconds}s }}");

    /// <summary>A system with more configuration than the default.</summary>
    protected PatientTestKit(string config = "")
        : this(ConfigurationFactory.ParseString(config))
    {
    }

    /// <summary>A system with more configuration than the default.</summary>
    protected PatientTestKit(Config config)
        : base(s_patience.WithFallback(config))
    {
    }
}

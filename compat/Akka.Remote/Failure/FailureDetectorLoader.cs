using System.Reflection;
using System.Runtime.ExceptionServices;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Remote;

/// <summary>Makes the failure detector that a configuration names.</summary>
public static class FailureDetectorLoader
{
    /// <summary>One of type <paramref name="fqcn"/>, constructed with (Config, EventStream).</summary>
    /// <exception cref="ConfigurationException">There is no such type, or it has no such constructor.</exception>
    public static FailureDetector Load(string fqcn, Config config, ActorSystem system)
    {
        try
        {
            var type = Type.GetType(fqcn, throwOnError: true);
            return (FailureDetector)Activator.CreateInstance(type, config, system.EventStream);
        }
        catch (TargetInvocationException e)
        {
            // What the detector itself refuses, such as a threshold of 0, is told in its own words.
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
        catch (Exception e)
        {
            throw new ConfigurationException($"Could not create custom FailureDetector {fqcn}", e);
        }
    }

    /// <summary>The same, for the system of a context.</summary>
    public static FailureDetector LoadFailureDetector(this IActorContext context, string fqcn, Config config) =>
        Load(fqcn, config, context.System);
}

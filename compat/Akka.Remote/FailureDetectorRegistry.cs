using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Remote;

/// <summary>A detector for each of many things.</summary>
public interface IFailureDetectorRegistry<in T>
{
    /// <summary>Whether it is taken for alive; true for what is unknown.</summary>
    bool IsAvailable(T resource);

    /// <summary>Whether it had a heartbeat yet.</summary>
    bool IsMonitoring(T resource);

    /// <summary>Notes a heartbeat; the first makes the detector.</summary>
    void Heartbeat(T resource);

    /// <summary>Forgets it.</summary>
    void Remove(T resource);

    /// <summary>Forgets all.</summary>
    void Reset();
}

/// <summary>The same, over a function that makes detectors. For any thread.</summary>
public class DefaultFailureDetectorRegistry<T> : IFailureDetectorRegistry<T>
{
    private readonly ConcurrentDictionary<T, Lazy<FailureDetector>> _detectors = new();
    private readonly Func<FailureDetector> _factory;

    /// <summary>With the function.</summary>
    public DefaultFailureDetectorRegistry(Func<FailureDetector> factory) => _factory = factory;

    /// <inheritdoc/>
    public bool IsAvailable(T resource) => !_detectors.TryGetValue(resource, out var detector) || detector.Value.IsAvailable;

    /// <inheritdoc/>
    public bool IsMonitoring(T resource) => _detectors.TryGetValue(resource, out var detector) && detector.Value.IsMonitoring;

    /// <inheritdoc/>
    public void Heartbeat(T resource) => _detectors.GetOrAdd(resource, key => new Lazy<FailureDetector>(() => Make(key))).Value.HeartBeat();

    private FailureDetector Make(T resource)
    {
        var detector = _factory();
        if (detector is PhiAccrualFailureDetector phi) phi.Address = resource.ToString();
        return detector;
    }

    /// <inheritdoc/>
    public void Remove(T resource) => _detectors.TryRemove(resource, out _);

    /// <inheritdoc/>
    public void Reset() => _detectors.Clear();

    internal FailureDetector GetFailureDetector(T resource) => _detectors.TryGetValue(resource, out var detector) ? detector.Value : null;
}

/// <summary>Makes detectors by type name.</summary>
public static class FailureDetectorLoader
{
    /// <summary>Of a type with a constructor (Config, EventStream).</summary>
    /// <exception cref="ConfigurationException">There is no such type.</exception>
    public static FailureDetector Load(string fqcn, Config config, ActorSystem system)
    {
        var type = Type.GetType(fqcn, throwOnError: false) ?? throw new ConfigurationException($"Could not create custom FailureDetector {fqcn}");
        try
        {
            return (FailureDetector)Activator.CreateInstance(type, config, system.EventStream);
        }
        catch (global::System.Reflection.TargetInvocationException e) when (e.InnerException is { } inner)
        {
            throw new ConfigurationException($"Could not create FailureDetector {fqcn}: {inner.Message}", inner);
        }
    }

    /// <summary>The same, for the system of an actor.</summary>
    public static FailureDetector LoadFailureDetector(this IActorContext context, string fqcn, Config config) => Load(fqcn, config, context.System);
}

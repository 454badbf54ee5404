using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Remote;

/// <summary>One failure detector for each resource.</summary>
public interface IFailureDetectorRegistry<in T>
{
    /// <summary>Whether a resource counts as alive; one that was never heard of does.</summary>
    bool IsAvailable(T resource);

    /// <summary>Whether a heartbeat of a resource was ever heard.</summary>
    bool IsMonitoring(T resource);

    /// <summary>A heartbeat has come; the first starts the watch.</summary>
    void Heartbeat(T resource);

    /// <summary>Forgets a resource.</summary>
    void Remove(T resource);

    /// <summary>Forgets all.</summary>
    void Reset();
}

/// <summary>The same, with detectors from a factory. Any thread may call it.</summary>
public class DefaultFailureDetectorRegistry<T> : IFailureDetectorRegistry<T>
{
    private readonly ConcurrentDictionary<T, FailureDetector> _detectors = new();
    private readonly Func<FailureDetector> _factory;

    /// <summary>With the maker of detectors.</summary>
    public DefaultFailureDetectorRegistry(Func<FailureDetector> factory) => _factory = factory;

    /// <inheritdoc/>
    public bool IsAvailable(T resource) => !_detectors.TryGetValue(resource, out var detector) || detector.IsAvailable;

    /// <inheritdoc/>
    public bool IsMonitoring(T resource) => _detectors.TryGetValue(resource, out var detector) && detector.IsMonitoring;

    /// <inheritdoc/>
    public void Heartbeat(T resource) => _detectors.GetOrAdd(resource, static (key, factory) =>
    {
        var made = factory();
        if (made is PhiAccrualFailureDetector phi && key is Address address) phi.Address = address.ToString();
        return made;
    }, _factory).HeartBeat();

    /// <inheritdoc/>
    public void Remove(T resource) => _detectors.TryRemove(resource, out _);

    /// <inheritdoc/>
    public void Reset() => _detectors.Clear();

    /// <summary>The detector of a resource; null before its first heartbeat.</summary>
    internal FailureDetector Detector(T resource) => _detectors.GetValueOrDefault(resource);
}

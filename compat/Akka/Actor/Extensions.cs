namespace Akka.Actor;

/// <summary>Something a system has one of.</summary>
public interface IExtension;

/// <summary>Finds or makes an extension.</summary>
public interface IExtensionId
{
    /// <summary>The extension's type.</summary>
    Type ExtensionType { get; }

    /// <summary>The system's extension; made at first use.</summary>
    object Apply(ActorSystem system);

    /// <summary>The system's extension; made at first use.</summary>
    object Get(ActorSystem system);

    /// <summary>A new one; for the system only.</summary>
    object CreateExtension(ExtendedActorSystem system);
}

/// <summary>The same, typed.</summary>
public interface IExtensionId<out T> : IExtensionId
    where T : IExtension
{
    /// <summary>The system's extension; made at first use.</summary>
    new T Apply(ActorSystem system);

    /// <summary>The system's extension; made at first use.</summary>
    new T Get(ActorSystem system);

    /// <summary>A new one; for the system only.</summary>
    new T CreateExtension(ExtendedActorSystem system);
}

/// <summary>Base of ids: one for each type.</summary>
public abstract class ExtensionIdProvider<T> : IExtensionId<T>
    where T : IExtension
{
    /// <inheritdoc/>
    public Type ExtensionType => typeof(T);

    /// <inheritdoc/>
    public T Apply(ActorSystem system) => (T)system.RegisterExtension(this);

    object IExtensionId.Apply(ActorSystem system) => Apply(system);

    /// <inheritdoc/>
    public T Get(ActorSystem system) => (T)system.GetExtension(this);

    object IExtensionId.Get(ActorSystem system) => Get(system);

    object IExtensionId.CreateExtension(ExtendedActorSystem system) => CreateExtension(system);

    /// <inheritdoc/>
    public abstract T CreateExtension(ExtendedActorSystem system);

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is ExtensionIdProvider<T>;

    /// <inheritdoc/>
    public override int GetHashCode() => typeof(T).GetHashCode();
}

/// <summary>Shorter forms.</summary>
public static class ActorSystemWithExtensions
{
    /// <summary>The extension of an id that has a constructor without parameters.</summary>
    public static T WithExtension<T, TI>(this ActorSystem system)
        where T : class, IExtension
        where TI : IExtensionId => system.WithExtension<T>(typeof(TI));

    /// <summary>The extension of an id type.</summary>
    public static T WithExtension<T>(this ActorSystem system, Type extensionId)
        where T : class, IExtension =>
        system.HasExtension<T>() ? system.GetExtension<T>() : (T)system.RegisterExtension((IExtensionId)Activator.CreateInstance(extensionId));
}

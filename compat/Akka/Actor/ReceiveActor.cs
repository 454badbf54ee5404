using Akka.Actor.Internal;
using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>An actor whose behaviour is a list of handlers, tried in the order of registration.</summary>
public abstract class ReceiveActor : UntypedActor, IInitializableActor
{
    private List<MessageHandler> _building = [];
    private bool _anyRegistered;
    private MessageHandler[] _first;

    /// <summary>Handlers are registered in the constructor, or inside <see cref="Become(Action)"/>.</summary>
    protected ReceiveActor()
    {
    }

    void IInitializableActor.Init()
    {
        _first = [.. _building];
        _building = null;
    }

    internal sealed override bool ReceiveUntyped(object message) => Try(_first, message);

    /// <inheritdoc/>
    protected sealed override void OnReceive(object message) => throw new NotSupportedException("A ReceiveActor handles messages by its registered handlers");

    private static bool Try(MessageHandler[] handlers, object message)
    {
        foreach (var handler in handlers)
            if (handler.Handle(message)) return true;
        return false;
    }

    /// <summary>Replaces the behaviour by the handlers that <paramref name="configure"/> registers.</summary>
    protected void Become(Action configure) => Become(Build(configure));

    /// <summary>Puts the handlers that <paramref name="configure"/> registers on top.</summary>
    protected void BecomeStacked(Action configure) => BecomeStacked(Build(configure));

    private Receive Build(Action configure)
    {
        var (outer, outerAny) = (_building, _anyRegistered);
        _building = [];
        _anyRegistered = false;
        try
        {
            configure();
            MessageHandler[] handlers = [.. _building];
            return message => Try(handlers, message);
        }
        finally
        {
            (_building, _anyRegistered) = (outer, outerAny);
        }
    }

    private void Add(MessageHandler handler)
    {
        if (_building is null) throw new InvalidOperationException("You may only call Receive-methods when constructing the actor and inside Become().");
        if (_anyRegistered) throw new InvalidOperationException("A handler that catches all messages has been added. No handler can be added after that.");
        _building.Add(handler);
        if (handler.TakesAll) _anyRegistered = true;
    }

    /// <summary>Handles messages of a type, if <paramref name="shouldHandle"/> agrees.</summary>
    protected void Receive<T>(Action<T> handler, Predicate<T> shouldHandle = null) => Add(new TypedHandler<T>(handler, shouldHandle));

    /// <summary>Handles messages of a type, if <paramref name="shouldHandle"/> agrees.</summary>
    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => Receive(handler, shouldHandle);

    /// <summary>Handles messages of a type, if <paramref name="shouldHandle"/> agrees.</summary>
    protected void Receive(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        Add(new TypeHandler(messageType, message =>
        {
            if (shouldHandle is not null && !shouldHandle(message)) return false;
            handler(message);
            return true;
        }));

    /// <summary>Handles messages of a type, if <paramref name="shouldHandle"/> agrees.</summary>
    protected void Receive(Type messageType, Predicate<object> shouldHandle, Action<object> handler) => Receive(messageType, handler, shouldHandle);

    /// <summary>Handles messages of a type; where the handler returns false, the next is tried.</summary>
    protected void Receive<T>(Func<T, bool> handler) => Add(new FuncHandler<T>(handler));

    /// <summary>Handles messages of a type; where the handler returns false, the next is tried.</summary>
    protected void Receive(Type messageType, Func<object, bool> handler) => Add(new TypeHandler(messageType, handler));

    /// <summary>Handles every message; nothing may be registered after it.</summary>
    protected void ReceiveAny(Action<object> handler) => Add(new TypedHandler<object>(handler, null));

    /// <summary>Handles every message asynchronously; nothing may be registered after it.</summary>
    protected void ReceiveAnyAsync(Func<object, Task> handler) => Add(new AsyncHandler<object>(handler, null));

    /// <summary>Handles messages of a type; until the task completes, no other ordinary message is handled.</summary>
    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null) => Add(new AsyncHandler<T>(handler, shouldHandle));

    /// <summary>Handles messages of a type; until the task completes, no other ordinary message is handled.</summary>
    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => ReceiveAsync(handler, shouldHandle);

    /// <summary>Handles messages of a type; until the task completes, no other ordinary message is handled.</summary>
    protected void ReceiveAsync(Type messageType, Func<object, Task> handler, Predicate<object> shouldHandle = null) =>
        Receive(messageType, message => ActorTaskScheduler.RunTask(() => handler(message)), shouldHandle);

    /// <summary>Handles messages of a type; until the task completes, no other ordinary message is handled.</summary>
    protected void ReceiveAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) => ReceiveAsync(messageType, handler, shouldHandle);
}

/// <summary>One registered handler.</summary>
internal abstract class MessageHandler
{
    internal virtual bool TakesAll => false;

    internal abstract bool Handle(object message);
}

internal sealed class TypedHandler<T>(Action<T> handler, Predicate<T> shouldHandle) : MessageHandler
{
    internal override bool TakesAll => typeof(T) == typeof(object) && shouldHandle is null;

    internal override bool Handle(object message)
    {
        if (message is not T typed || (shouldHandle is not null && !shouldHandle(typed))) return false;
        handler(typed);
        return true;
    }
}

internal sealed class FuncHandler<T>(Func<T, bool> handler) : MessageHandler
{
    internal override bool Handle(object message) => message is T typed && handler(typed);
}

internal sealed class TypeHandler(Type type, Func<object, bool> handler) : MessageHandler
{
    internal override bool Handle(object message) => type.IsInstanceOfType(message) && handler(message);
}

internal sealed class AsyncHandler<T>(Func<T, Task> handler, Predicate<T> shouldHandle) : MessageHandler
{
    internal override bool TakesAll => typeof(T) == typeof(object) && shouldHandle is null;

    internal override bool Handle(object message)
    {
        if (message is not T typed || (shouldHandle is not null && !shouldHandle(typed))) return false;
        ActorTaskScheduler.RunTask(() => handler(typed));
        return true;
    }
}

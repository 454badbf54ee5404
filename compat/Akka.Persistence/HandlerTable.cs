namespace Akka.Persistence;

/// <summary>Handlers by message type and condition, tried in the order they were added.</summary>
internal sealed class HandlerTable
{
    private readonly List<Handler> _handlers = [];
    private bool _closed;

    public void Add<T>(Action<T> handler, Predicate<T> shouldHandle) => Add(new ActionHandler<T>(handler, shouldHandle));

    public void Add<T>(Func<T, bool> handler) => Add(new FuncHandler<T>(handler));

    public void Add(Type type, Action<object> handler, Predicate<object> shouldHandle) =>
        Add(new FuncHandler<object>(message =>
        {
            if (!type.IsInstanceOfType(message) || !(shouldHandle?.Invoke(message) ?? true)) return false;
            handler(message);
            return true;
        }));

    public void Add(Type type, Func<object, bool> handler) =>
        Add(new FuncHandler<object>(message => type.IsInstanceOfType(message) && handler(message)));

    /// <summary>Adds a handler for everything that is left: the last one.</summary>
    public void AddAny(Action<object> handler)
    {
        Add(new ActionHandler<object>(handler, null));
        _closed = true;
    }

    public bool Handle(object message)
    {
        foreach (var handler in _handlers)
        {
            if (handler.TryHandle(message)) return true;
        }

        return false;
    }

    private void Add(Handler handler)
    {
        if (_closed)
            throw new InvalidOperationException("A handler that catches all messages has been added. No handler can be added after that.");
        _handlers.Add(handler);
        _closed = handler.TakesAll;
    }

    private abstract class Handler
    {
        public virtual bool TakesAll => false;

        public abstract bool TryHandle(object message);
    }

    private sealed class ActionHandler<T>(Action<T> action, Predicate<T> condition) : Handler
    {
        public override bool TakesAll => condition is null && typeof(T) == typeof(object);

        public override bool TryHandle(object message)
        {
            if (message is not T typed || (condition is not null && !condition(typed))) return false;
            action(typed);
            return true;
        }
    }

    private sealed class FuncHandler<T>(Func<T, bool> handle) : Handler
    {
        public override bool TryHandle(object message) => message is T typed && handle(typed);
    }
}

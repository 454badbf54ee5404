using Akka.Actor;
using Akka.Actor.Internal;

namespace Akka.Persistence;

/// <summary>
/// A persistent actor that registers its handlers in its constructor and inside <c>Become</c>. Handlers are tried in the order of
/// registration; what no handler takes is unhandled.
/// </summary>
public abstract class ReceivePersistentActor : UntypedPersistentActor, IInitializableActor
{
    private readonly Stack<HandlerTable> _registering = new();
    private readonly HandlerTable _recover = new();
    private HandlerTable _commands = new();
    private bool _initialized;

    /// <summary>For actors made by an actor system.</summary>
    protected ReceivePersistentActor() => _registering.Push(_commands);

    void IInitializableActor.Init()
    {
        if (_initialized) return;
        _commands = _registering.Pop();
        _initialized = true;
    }

    /// <summary>Replaces the handlers of commands by those that <paramref name="configure"/> registers.</summary>
    protected void Become(Action configure)
    {
        var handlers = Configure(configure);
        base.Become(message => Handle(handlers, message));
    }

    /// <summary>Puts the handlers that <paramref name="configure"/> registers on top.</summary>
    protected void BecomeStacked(Action configure)
    {
        var handlers = Configure(configure);
        base.BecomeStacked(message => Handle(handlers, message));
    }

    /// <inheritdoc/>
    protected sealed override void OnCommand(object message) => Handle(_commands, message);

    /// <inheritdoc/>
    protected sealed override void OnRecover(object message) => Handle(_recover, message);

    /// <summary>Handles replayed events of a type.</summary>
    protected void Recover<T>(Action<T> handler, Predicate<T> shouldHandle = null) => RecoverTable().Add(handler, shouldHandle);

    /// <summary>Handles replayed events of a type.</summary>
    protected void Recover<T>(Predicate<T> shouldHandle, Action<T> handler) => Recover(handler, shouldHandle);

    /// <summary>Handles replayed events of a type.</summary>
    protected void Recover(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        RecoverTable().Add(messageType, handler, shouldHandle);

    /// <summary>Handles replayed events of a type.</summary>
    protected void Recover(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        Recover(messageType, handler, shouldHandle);

    /// <summary>Handles replayed events of a type; false leaves the event to the next handler.</summary>
    protected void Recover<T>(Func<T, bool> handler) => RecoverTable().Add(handler);

    /// <summary>Handles replayed events of a type; false leaves the event to the next handler.</summary>
    protected void Recover(Type messageType, Func<object, bool> handler) => RecoverTable().Add(messageType, handler);

    /// <summary>Handles whatever is left of the replay.</summary>
    protected void RecoverAny(Action<object> handler) => RecoverTable().AddAny(handler);

    /// <summary>Handles commands of a type.</summary>
    protected void Command<T>(Action<T> handler, Predicate<T> shouldHandle = null) => CommandTable().Add(handler, shouldHandle);

    /// <summary>Handles commands of a type.</summary>
    protected void Command<T>(Predicate<T> shouldHandle, Action<T> handler) => Command(handler, shouldHandle);

    /// <summary>Handles commands of a type.</summary>
    protected void Command(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        CommandTable().Add(messageType, handler, shouldHandle);

    /// <summary>Handles commands of a type.</summary>
    protected void Command(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        Command(messageType, handler, shouldHandle);

    /// <summary>Handles commands of a type; false leaves the command to the next handler.</summary>
    protected void Command<T>(Func<T, bool> handler) => CommandTable().Add(handler);

    /// <summary>Handles commands of a type; false leaves the command to the next handler.</summary>
    protected void Command(Type messageType, Func<object, bool> handler) => CommandTable().Add(messageType, handler);

    /// <summary>Handles whatever is left.</summary>
    protected void Command(Action<object> handler) => CommandTable().AddAny(handler);

    /// <summary>Handles whatever is left.</summary>
    protected void CommandAny(Action<object> handler) => CommandTable().AddAny(handler);

    /// <summary>Handles commands of a type asynchronously: no other message is handled until the task ends.</summary>
    protected void CommandAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null) => Command(Wrap(handler), shouldHandle);

    /// <summary>Handles commands of a type asynchronously.</summary>
    protected void CommandAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => Command(shouldHandle, Wrap(handler));

    /// <summary>Handles commands of a type asynchronously.</summary>
    protected void CommandAsync(Type messageType, Func<object, Task> handler, Predicate<object> shouldHandle = null) =>
        Command(messageType, Wrap(handler), shouldHandle);

    /// <summary>Handles commands of a type asynchronously.</summary>
    protected void CommandAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        Command(messageType, shouldHandle, Wrap(handler));

    /// <summary>Handles whatever is left asynchronously.</summary>
    protected void CommandAnyAsync(Func<object, Task> handler) => CommandAny(Wrap(handler));

    private void Handle(HandlerTable handlers, object message)
    {
        if (!handlers.Handle(message)) Unhandled(message);
    }

    private Action<T> Wrap<T>(Func<T, Task> handler) => message => RunTask(() => handler(message));

    private HandlerTable Configure(Action configure)
    {
        _registering.Push(new HandlerTable());
        configure();
        return _registering.Pop();
    }

    private HandlerTable CommandTable() => _registering.Count > 0
        ? _registering.Peek()
        : throw new InvalidOperationException("You may only call Command-methods when constructing the actor and inside Become().");

    private HandlerTable RecoverTable() => !_initialized
        ? _recover
        : throw new InvalidOperationException("You may only call Recover-methods when constructing the actor and inside Become().");
}

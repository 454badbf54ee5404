using System.Linq.Expressions;
using System.Runtime.ExceptionServices;
using Akka.Configuration;

namespace Akka.Actor;

/// <summary>Makes an actor in a way of its own, for dependency injection.</summary>
public interface IIndirectActorProducer
{
    /// <summary>The actor's type.</summary>
    Type ActorType { get; }

    /// <summary>A new instance.</summary>
    ActorBase Produce();

    /// <summary>The instance is not used any more.</summary>
    void Release(ActorBase actor);
}

/// <summary>How an actor is deployed.</summary>
public class Deploy : IEquatable<Deploy>
{
    /// <summary>Nothing chosen.</summary>
    public static readonly Deploy None = new();

    /// <summary>In this process.</summary>
    public static readonly Deploy Local = new();

    /// <summary>Nothing chosen.</summary>
    public Deploy()
    {
    }

    /// <summary>The dispatcher's path; empty for the default.</summary>
    public string Dispatcher { get; private init; } = "";

    /// <summary>The mailbox's path; empty for the default.</summary>
    public string Mailbox { get; private init; } = "";

    /// <summary>Messages a stash may hold; -1 without limit.</summary>
    public int StashCapacity { get; private init; } = -1;

    /// <summary>The same with a dispatcher.</summary>
    public virtual Deploy WithDispatcher(string dispatcher) => new() { Dispatcher = dispatcher, Mailbox = Mailbox, StashCapacity = StashCapacity };

    /// <summary>The same with a mailbox.</summary>
    public virtual Deploy WithMailbox(string mailbox) => new() { Dispatcher = Dispatcher, Mailbox = mailbox, StashCapacity = StashCapacity };

    /// <summary>The same with a bounded stash.</summary>
    public virtual Deploy WithStashCapacity(int stashSize) => new() { Dispatcher = Dispatcher, Mailbox = Mailbox, StashCapacity = stashSize };

    /// <inheritdoc/>
    public bool Equals(Deploy other) =>
        other is not null && Dispatcher == other.Dispatcher && Mailbox == other.Mailbox && StashCapacity == other.StashCapacity;

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is Deploy other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Dispatcher, Mailbox, StashCapacity);
}

/// <summary>The recipe of an actor: type, arguments, dispatcher, mailbox, supervision. Immutable; the same arguments are used at every restart.</summary>
public class Props : IEquatable<Props>
{
    /// <summary>A recipe for nothing.</summary>
    public static readonly Props None = new(typeof(object), new TypeProducer(typeof(object), []), Deploy.None, null, []);

    private readonly IIndirectActorProducer _producer;

    private Props(Type type, IIndirectActorProducer producer, Deploy deploy, SupervisorStrategy strategy, object[] args)
    {
        Type = type;
        _producer = producer;
        Deploy = deploy;
        SupervisorStrategy = strategy;
        Arguments = args;
    }

    /// <summary>For a type and the arguments of its constructor.</summary>
    public Props(Type type, object[] args)
        : this(type, new TypeProducer(type, args ?? []), Deploy.None, null, args ?? [])
    {
    }

    /// <summary>For a type with a constructor without parameters.</summary>
    public Props(Type type)
        : this(type, [])
    {
    }

    /// <summary>The actor's type.</summary>
    public Type Type { get; }

    /// <summary>Arguments of its constructor.</summary>
    public object[] Arguments { get; }

    /// <summary>How it is deployed.</summary>
    public Deploy Deploy { get; }

    /// <summary>How it supervises; null for its own choice.</summary>
    public SupervisorStrategy SupervisorStrategy { get; }

    /// <summary>Its dispatcher's path.</summary>
    public string Dispatcher => Deploy.Dispatcher.Length == 0 ? Dispatch.Dispatchers.DefaultDispatcherId : Deploy.Dispatcher;

    /// <summary>Its mailbox's path; empty for the default.</summary>
    public string Mailbox => Deploy.Mailbox;

    /// <summary>The type's full name with its assembly.</summary>
    public string TypeName => Type.AssemblyQualifiedName;

    /// <summary>From <c>() =&gt; new X(a, b)</c>: arguments are evaluated now, once.</summary>
    /// <exception cref="ArgumentException">The expression is not a constructor call.</exception>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy supervisorStrategy = null)
        where TActor : ActorBase
    {
        if (factory.Body is not NewExpression create) throw new ArgumentException("The create function must be a 'new T (args)' expression", nameof(factory));
        var args = new object[create.Arguments.Count];
        for (var i = 0; i < args.Length; i++) args[i] = Evaluate(create.Arguments[i]);
        var type = create.Type;
        return new Props(type, new TypeProducer(type, args), Deploy.None, supervisorStrategy, args);
    }

    /// <summary>From the arguments of the constructor.</summary>
    public static Props Create<TActor>(params object[] args)
        where TActor : ActorBase => new(typeof(TActor), args);

    /// <summary>With a supervision of its children.</summary>
    public static Props Create<TActor>(SupervisorStrategy supervisorStrategy)
        where TActor : ActorBase, new() => new(typeof(TActor), new TypeProducer(typeof(TActor), []), Deploy.None, supervisorStrategy, []);

    /// <summary>From a type and the arguments of its constructor.</summary>
    public static Props Create(Type type, params object[] args) =>
        type is null ? throw new ArgumentNullException(nameof(type), "Props must be instantiated with an actor type.") : new(type, args);

    /// <summary>From a producer.</summary>
    public static Props CreateBy(IIndirectActorProducer producer, params object[] args) =>
        new(producer.ActorType, producer, Deploy.None, null, args ?? []);

    private static object Evaluate(Expression expression) => expression switch
    {
        ConstantExpression constant => constant.Value,
        MemberExpression { Expression: ConstantExpression closure, Member: System.Reflection.FieldInfo field } => field.GetValue(closure.Value),
        MemberExpression { Expression: null, Member: System.Reflection.FieldInfo field } => field.GetValue(null),
        UnaryExpression { NodeType: ExpressionType.Convert, Method: null } convert when convert.Type.IsAssignableFrom(convert.Operand.Type) => Evaluate(convert.Operand),
        _ => Expression.Lambda<Func<object>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true)(),
    };

    /// <summary>The same with a mailbox.</summary>
    public Props WithMailbox(string mailbox) => WithDeploy(Deploy.WithMailbox(mailbox));

    /// <summary>The same with a dispatcher.</summary>
    public Props WithDispatcher(string dispatcher) => WithDeploy(Deploy.WithDispatcher(dispatcher));

    /// <summary>The same with a bounded stash.</summary>
    public Props WithStashCapacity(int stashCapacity) => WithDeploy(Deploy.WithStashCapacity(stashCapacity));

    /// <summary>The same with another deployment.</summary>
    public Props WithDeploy(Deploy deploy) => new(Type, _producer, deploy, SupervisorStrategy, Arguments);

    /// <summary>The same with a supervision of its children.</summary>
    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) => new(Type, _producer, Deploy, supervisorStrategy, Arguments);

    /// <summary>A new instance.</summary>
    public virtual ActorBase NewActor() => _producer.Produce();

    internal void Release(ActorBase actor) => _producer.Release(actor);

    /// <inheritdoc/>
    public bool Equals(Props other) =>
        other is not null && Type == other.Type && Deploy.Equals(other.Deploy) && Equals(SupervisorStrategy, other.SupervisorStrategy) && Arguments.AsSpan().SequenceEqual(other.Arguments);

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is Props other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, Deploy, Arguments.Length);

    private sealed class TypeProducer(Type type, object[] args) : IIndirectActorProducer
    {
        public Type ActorType => type;

        public ActorBase Produce()
        {
            try
            {
                return (ActorBase)Activator.CreateInstance(type, System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic, null, args, null);
            }
            catch (System.Reflection.TargetInvocationException e)
            {
                ExceptionDispatchInfo.Throw(e.InnerException);
                throw;
            }
            catch (MissingMethodException e)
            {
                throw new TypeLoadException($"Error while creating actor instance of type {type} with {args.Length} args: ({string.Join(",", args)})", e);
            }
        }

        public void Release(ActorBase actor) => (actor as IDisposable)?.Dispose();
    }
}

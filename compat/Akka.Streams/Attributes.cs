using Akka.Streams.Supervision;

namespace Akka.Streams;

/// <summary>Says how the stages of a part behave. Of two that say the same kind of thing the inner one counts.</summary>
public sealed class Attributes
{
    /// <summary>Says nothing.</summary>
    public static readonly Attributes None = new();

    private readonly IAttribute[] _attributes;

    /// <summary>Holds some; the first of a kind counts.</summary>
    public Attributes(params IAttribute[] attributes) => _attributes = attributes;

    /// <summary>One thing said.</summary>
    public interface IAttribute
    {
    }

    /// <summary>One thing that always has a value.</summary>
    public interface IMandatoryAttribute : IAttribute
    {
    }

    /// <summary>What is said.</summary>
    public IEnumerable<IAttribute> AttributeList => _attributes;

    /// <summary>These and others; the others go first.</summary>
    public Attributes And(Attributes other) => new([.. other._attributes, .. _attributes]);

    /// <summary>These and another; it goes first.</summary>
    public Attributes And(IAttribute other) => new([other, .. _attributes]);

    /// <summary>Names a part, for messages.</summary>
    public static Attributes CreateName(string name) =>
        string.IsNullOrEmpty(name) ? None : new Attributes(new Name(name));

    internal TAttribute Find<TAttribute>()
        where TAttribute : class, IAttribute
    {
        foreach (var attribute in _attributes)
        {
            if (attribute is TAttribute found) return found;
        }

        return null;
    }

    /// <summary>A part's name.</summary>
    public sealed class Name : IAttribute
    {
        /// <summary>The name.</summary>
        public readonly string Value;

        /// <summary>Of a name.</summary>
        public Name(string value) => Value = value;
    }
}

/// <summary>Attributes of stages.</summary>
public static class ActorAttributes
{
    /// <summary>Chooses what stages do when the functions they were given throw.</summary>
    public static Attributes CreateSupervisionStrategy(Decider strategy) => new(new SupervisionStrategy(strategy));

    /// <summary>What stages do when the functions they were given throw.</summary>
    public sealed class SupervisionStrategy : Attributes.IMandatoryAttribute
    {
        /// <summary>Chooses.</summary>
        public readonly Decider Decider;

        /// <summary>Of a decider.</summary>
        public SupervisionStrategy(Decider decider) => Decider = decider;
    }
}

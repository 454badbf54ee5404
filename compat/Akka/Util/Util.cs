using Akka.Actor;

namespace Akka.Util
{
    /// <summary>A form of an object that may travel between systems and turns back into the object.</summary>
    public interface ISurrogate
    {
        /// <summary>The object this stands for, inside <paramref name="system"/>.</summary>
        ISurrogated FromSurrogate(ActorSystem system);
    }

    /// <summary>An object that travels as a surrogate.</summary>
    public interface ISurrogated
    {
        /// <summary>The form that travels.</summary>
        ISurrogate ToSurrogate(ActorSystem system);
    }

    /// <summary>A value that may be absent.</summary>
    public readonly struct Option<T> : IEquatable<Option<T>>
    {
        /// <summary>The absent value.</summary>
        public static readonly Option<T> None;

        /// <summary>Holds <paramref name="value"/>; a null makes an empty option.</summary>
        public Option(T value)
        {
            Value = value;
            HasValue = value is not null;
        }

        /// <summary>Whether there is a value.</summary>
        public bool HasValue { get; }

        /// <summary>Whether there is none.</summary>
        public bool IsEmpty => !HasValue;

        /// <summary>The value, or the type's default when there is none.</summary>
        public T Value { get; }

        /// <summary>An option holding <paramref name="value"/>.</summary>
        public static Option<T> Create(T value) => value is null ? None : new Option<T>(value);

        /// <summary>The value, or <paramref name="fallbackValue"/> when there is none.</summary>
        public T GetOrElse(T fallbackValue) => HasValue ? Value : fallbackValue;

        /// <inheritdoc/>
        public bool Equals(Option<T> other) =>
            HasValue == other.HasValue && EqualityComparer<T>.Default.Equals(Value, other.Value);

        /// <inheritdoc/>
        public override bool Equals(object obj) => obj is Option<T> other && Equals(other);

        /// <inheritdoc/>
        public override int GetHashCode() => HasValue ? Value.GetHashCode() : 0;

        /// <inheritdoc/>
        public override string ToString() => HasValue ? $"Some<{Value}>" : "None";

        /// <summary>Wraps a value.</summary>
        public static implicit operator Option<T>(T item) => Create(item);

        /// <summary>Whether both hold the same.</summary>
        public static bool operator ==(Option<T> left, Option<T> right) => left.Equals(right);

        /// <summary>Whether they differ.</summary>
        public static bool operator !=(Option<T> left, Option<T> right) => !left.Equals(right);
    }
}

namespace Akka
{
    /// <summary>Says that something is complete when there is no value to hand over.</summary>
    public sealed class Done
    {
        private Done()
        {
        }

        /// <summary>The only instance.</summary>
        public static readonly Done Instance = new();
    }

    /// <summary>A materialized value that nobody uses.</summary>
    public sealed class NotUsed : IEquatable<NotUsed>, IComparable<NotUsed>
    {
        private NotUsed()
        {
        }

        /// <summary>The only instance.</summary>
        public static readonly NotUsed Instance = new();

        /// <inheritdoc/>
        public override int GetHashCode() => 0;

        /// <inheritdoc/>
        public override bool Equals(object obj) => obj is NotUsed;

        /// <inheritdoc/>
        public override string ToString() => "()";

        /// <inheritdoc/>
        public bool Equals(NotUsed other) => true;

        /// <inheritdoc/>
        public int CompareTo(NotUsed other) => 0;
    }
}

namespace Akka.Streams;

/// <summary>The open ends of a stream's part.</summary>
public abstract class Shape
{
    private protected Shape()
    {
    }
}

/// <summary>One open end where elements come out.</summary>
public sealed class SourceShape<TOut> : Shape
{
    internal SourceShape()
    {
    }
}

/// <summary>Two open ends.</summary>
public sealed class FlowShape<TIn, TOut> : Shape
{
    internal FlowShape()
    {
    }
}

/// <summary>One open end where elements go in.</summary>
public sealed class SinkShape<TIn> : Shape
{
    internal SinkShape()
    {
    }
}

/// <summary>No open end: the whole stream.</summary>
public sealed class ClosedShape : Shape
{
    internal ClosedShape()
    {
    }
}

/// <summary>A part of a stream, to be connected and run any number of times.</summary>
public interface IGraph<out TShape>
    where TShape : Shape
{
}

/// <summary>A part of a stream that hands something out when it runs: the materialized value.</summary>
public interface IGraph<out TShape, out TMat> : IGraph<TShape>
    where TShape : Shape
{
}

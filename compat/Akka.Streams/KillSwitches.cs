using Akka.Streams.Dsl;
using Akka.Streams.Implementation;
using Akka.Streams.Implementation.Stages;

namespace Akka.Streams;

/// <summary>Ends streams from outside.</summary>
public interface IKillSwitch
{
    /// <summary>Completes the stream below and cancels it above.</summary>
    void Shutdown();

    /// <summary>Fails the stream below and cancels it above.</summary>
    void Abort(Exception cause);
}

/// <summary>A switch of one stream. The first call counts.</summary>
public sealed class UniqueKillSwitch : IKillSwitch
{
    private readonly KillSwitchState _state;

    internal UniqueKillSwitch(KillSwitchState state) => _state = state;

    /// <inheritdoc/>
    public void Shutdown() => _state.Throw(null);

    /// <inheritdoc/>
    public void Abort(Exception cause) => _state.Throw(cause ?? throw new ArgumentNullException(nameof(cause)));

    /// <inheritdoc/>
    public override string ToString() => "SingleKillSwitch";
}

/// <summary>A switch of any number of streams, running ones and later ones. The first call counts.</summary>
public sealed class SharedKillSwitch : IKillSwitch
{
    private readonly KillSwitchState _state = new();
    private readonly string _name;

    internal SharedKillSwitch(string name) => _name = name;

    /// <inheritdoc/>
    public void Shutdown() => _state.Throw(null);

    /// <inheritdoc/>
    public void Abort(Exception cause) => _state.Throw(cause ?? throw new ArgumentNullException(nameof(cause)));

    /// <summary>A part to put into each stream that the switch is to end.</summary>
    public IGraph<FlowShape<T, T>, SharedKillSwitch> Flow<T>() =>
        new Flow<T, T, SharedKillSwitch>((Builder builder, Edge<T> input, out Edge<T> output) =>
        {
            output = builder.Flow(input, new KillSwitchStage<T>(_state));
            return this;
        });

    /// <inheritdoc/>
    public override string ToString() => $"KillSwitch({_name})";
}

/// <summary>Makes switches.</summary>
public static class KillSwitches
{
    /// <summary>A part whose materialized value ends the stream it is in.</summary>
    public static IGraph<FlowShape<T, T>, UniqueKillSwitch> Single<T>() =>
        new Flow<T, T, UniqueKillSwitch>(static (Builder builder, Edge<T> input, out Edge<T> output) =>
        {
            var state = new KillSwitchState();
            output = builder.Flow(input, new KillSwitchStage<T>(state));
            return new UniqueKillSwitch(state);
        });

    /// <summary>A switch for several streams.</summary>
    public static SharedKillSwitch Shared(string name) => new(name);
}

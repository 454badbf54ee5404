using Akka.Actor;

namespace Akka.Streams.Implementation.Stages;

/// <summary>Takes what an actor is told.</summary>
internal sealed class ActorRefSource<T>(int capacity, OverflowStrategy strategy) : SourceStage<T>
{
    private readonly LinkedList<T> _buffer = new();
    private IActorRef _feeder;
    private bool _ending;

    /// <summary>Starts the actor; it stops with the stage.</summary>
    public IActorRef Start(ExtendedActorSystem system)
    {
        var stage = this;
        return _feeder = system.SystemActorOf(Props.Create(() => new Feeder(stage)), $"actorRefSource-{Guid.NewGuid():N}");
    }

    public override void OnPull()
    {
        if (_buffer.First is { } first)
        {
            _buffer.RemoveFirst();
            Out.Push(first.Value);
        }

        if (_ending && _buffer.Count == 0) CompleteStage();
    }

    public override void PostStop() => _feeder.Tell(PoisonPill.Instance, ActorRefs.NoSender);

    private void Take(T element)
    {
        if (IsRetired || _ending) return;
        if (Out.IsAvailable && _buffer.Count == 0)
        {
            Out.Push(element);
        }
        else if (_buffer.Count < capacity || MakeRoom())
        {
            _buffer.AddLast(element);
        }
    }

    /// <summary>Whether the new element may be added to the full buffer.</summary>
    private bool MakeRoom()
    {
        if (strategy == OverflowStrategy.Fail)
        {
            FailStage(new BufferOverflowException($"Buffer overflow, max capacity was: {capacity}"));
            return false;
        }

        if (capacity == 0 || strategy == OverflowStrategy.DropNew) return false;
        if (strategy == OverflowStrategy.DropHead) _buffer.RemoveFirst();
        else if (strategy == OverflowStrategy.DropTail) _buffer.RemoveLast();
        else _buffer.Clear();
        return true;
    }

    private void Finish(Exception failure, bool cut)
    {
        if (IsRetired) return;
        if (failure is not null)
        {
            FailStage(failure);
        }
        else if (cut && !_ending)
        {
            CompleteStage();
        }
        else
        {
            _ending = true;
            if (_buffer.Count == 0) CompleteStage();
        }
    }

    private sealed class Arrival(ActorRefSource<T> stage, T element) : Signal
    {
        public override Stage Target => stage;

        public override void Run() => stage.Take(element);
    }

    private sealed class End(ActorRefSource<T> stage, Exception failure, bool cut) : Signal
    {
        public override Stage Target => stage;

        public override void Run() => stage.Finish(failure, cut);
    }

    private sealed class Feeder(ActorRefSource<T> stage) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Status.Success:
                    stage.Interpreter.Post(new End(stage, null, cut: false));
                    break;
                case Status.Failure failure:
                    stage.Interpreter.Post(new End(stage, failure.Cause, cut: false));
                    break;
                case T element:
                    stage.Interpreter.Post(new Arrival(stage, element));
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        protected override void PostStop() => stage.Interpreter.Post(new End(stage, null, cut: true));
    }
}

using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Keeps the system from ending until remoting has sent what the user's actors left behind.</summary>
internal sealed class RemotingTerminator : ReceiveActor
{
    public RemotingTerminator(Remoting remoting)
    {
        IActorRef guardian = null;
        Receive<TerminationHook>(_ =>
        {
            guardian = Sender;
            Context.GetLogger().Info("Shutting down remote daemon.");
            remoting.Shutdown().WaitAsync(remoting.Provider.RemoteSettings.ShutdownTimeout).PipeTo(Self, success: static () => Ended.Instance, failure: static e => new Ended(e));
        });
        Receive<Ended>(ended =>
        {
            if (ended.Failure is null) Context.GetLogger().Info("Remoting shut down.");
            else Context.GetLogger().Warning(ended.Failure, "Remoting did not shut down cleanly");
            guardian.Tell(TerminationHookDone.Instance);
            Context.Stop(Self);
        });
    }

    protected override void PreStart() => ((ExtendedActorSystem)Context.System).SystemGuardian.Tell(RegisterTerminationHook.Instance, Self);

    private sealed record Ended(Exception Failure)
    {
        internal static Ended Instance { get; } = new(Failure: null);
    }
}

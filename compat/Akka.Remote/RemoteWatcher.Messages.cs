using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Remote;

public partial class RemoteWatcher
{
    /// <summary>A watch or its end.</summary>
    public abstract class WatchCommand
    {
        /// <summary>For the pair.</summary>
        protected WatchCommand(IInternalActorRef watchee, IInternalActorRef watcher)
        {
            Watchee = watchee;
            Watcher = watcher;
        }

        /// <summary>Who is watched.</summary>
        public IInternalActorRef Watchee { get; private set; }

        /// <summary>Who watches.</summary>
        public IInternalActorRef Watcher { get; private set; }
    }

    /// <summary>Watches.</summary>
    public sealed class WatchRemote : WatchCommand
    {
        /// <summary>For the pair.</summary>
        public WatchRemote(IInternalActorRef watchee, IInternalActorRef watcher)
            : base(watchee, watcher)
        {
        }
    }

    /// <summary>Watches no longer.</summary>
    public sealed class UnwatchRemote : WatchCommand
    {
        /// <summary>For the pair.</summary>
        public UnwatchRemote(IInternalActorRef watchee, IInternalActorRef watcher)
            : base(watchee, watcher)
        {
        }
    }

    /// <summary>Asks a node whether it is alive.</summary>
    public sealed class Heartbeat : Event.IDeadLetterSuppression, IPriorityMessage
    {
        private Heartbeat()
        {
        }

        /// <summary>The only instance.</summary>
        public static Heartbeat Instance { get; } = new();
    }

    /// <summary>It is, in this incarnation.</summary>
    public class HeartbeatRsp : Event.IDeadLetterSuppression, IPriorityMessage
    {
        /// <summary>Of the incarnation.</summary>
        public HeartbeatRsp(int addressUid) => AddressUid = addressUid;

        /// <summary>The incarnation.</summary>
        public int AddressUid { get; private set; }
    }

    /// <summary>Time for heartbeats.</summary>
    public class HeartbeatTick
    {
        private HeartbeatTick()
        {
        }

        /// <summary>The only instance.</summary>
        public static HeartbeatTick Instance { get; } = new();
    }

    /// <summary>Time to look for the dead.</summary>
    public class ReapUnreachableTick
    {
        private ReapUnreachableTick()
        {
        }

        /// <summary>The only instance.</summary>
        public static ReapUnreachableTick Instance { get; } = new();
    }

    /// <summary>By now the first answer should have come.</summary>
    public sealed class ExpectedFirstHeartbeat
    {
        /// <summary>From a node.</summary>
        public ExpectedFirstHeartbeat(Address from) => From = from;

        /// <summary>The node.</summary>
        public Address From { get; private set; }
    }

    /// <summary>What is watched; sent to ask for it, and as the answer.</summary>
    public sealed class Stats
    {
        /// <summary>Nothing.</summary>
        public static Stats Empty = Counts(0, 0);

        /// <summary>Numbers alone.</summary>
        public Stats(int watching, int watchingNodes)
            : this(watching, watchingNodes, [], [])
        {
        }

        /// <summary>Numbers and what they count.</summary>
        public Stats(int watching, int watchingNodes, ImmutableHashSet<(IActorRef, IActorRef)> watchingRefs, ImmutableHashSet<Address> watchingAddresses)
        {
            Watching = watching;
            WatchingNodes = watchingNodes;
            WatchingRefs = watchingRefs;
            WatchingAddresses = watchingAddresses;
        }

        /// <summary>Pairs of watchee and watcher.</summary>
        public int Watching { get; private set; }

        /// <summary>Nodes.</summary>
        public int WatchingNodes { get; private set; }

        /// <summary>The pairs.</summary>
        public ImmutableHashSet<(IActorRef, IActorRef)> WatchingRefs { get; private set; }

        /// <summary>The nodes.</summary>
        public ImmutableHashSet<Address> WatchingAddresses { get; private set; }

        /// <summary>Numbers alone.</summary>
        public static Stats Counts(int watching, int watchingNodes) => new(watching, watchingNodes);

        /// <summary>The same with other numbers.</summary>
        public Stats Copy(int watching, int watchingNodes, ImmutableHashSet<(IActorRef, IActorRef)> watchingRefs = null, ImmutableHashSet<Address> watchingAddresses = null) =>
            new(watching, watchingNodes, watchingRefs ?? WatchingRefs, watchingAddresses ?? WatchingAddresses);

        /// <inheritdoc/>
        public override bool Equals(object obj) => obj is Stats other && Watching == other.Watching && WatchingNodes == other.WatchingNodes;

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Watching, WatchingNodes);

        /// <inheritdoc/>
        public override string ToString() => $"Stats(watching={Watching}, watchingNodes={WatchingNodes}, watchingRefs=[{string.Join(", ", WatchingRefs.Select(static r => $"{r.Item1.Path.Name}-{r.Item2.Path.Name}"))}], watchingAddresses=[{string.Join(", ", WatchingAddresses)}])";
    }
}

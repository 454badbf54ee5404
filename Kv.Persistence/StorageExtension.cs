using Akka.Actor;
using Kv.Persistence.Checkpoint;
using Kv.Persistence.Io;
using Kv.Persistence.Wal;

namespace Kv.Persistence;

/// <summary>What the journal and the snapshot store of an actor system share with their host: the disk, and who is told of commits.</summary>
/// <remarks>Set before the first persistent actor starts; the plugins read it once, when they start.</remarks>
public sealed class StorageExtension : IExtension
{
    /// <summary>Where files live; the real disk unless a test says otherwise.</summary>
    public IDisk Disk { get; set; } = PhysicalDisk.Instance;

    /// <summary>Who runs the log's and the checkpoints' work: threads, unless a simulation says otherwise.</summary>
    public Workers Workers { get; set; } = Workers.Threads;

    /// <summary>Wall time, for what is stamped with it, and the time that syncs take.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>Is told of commits, rolls and failures of the log; for metrics.</summary>
    public IWalObserver? WalObserver { get; set; }

    /// <summary>Is told of checkpoints; for metrics.</summary>
    public ICheckpointObserver? CheckpointObserver { get; set; }

    /// <summary>
    /// Whether the journal's thread may wait for the disk. A host whose other actors share that thread says no while they have
    /// others to answer meanwhile; safe from any thread, at any time.
    /// </summary>
    public bool MayWaitForDisk
    {
        get => Volatile.Read(ref _mayWait);
        set => Volatile.Write(ref _mayWait, value);
    }

    private bool _mayWait = true;

    /// <summary>The one of this actor system.</summary>
    public static StorageExtension For(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return (StorageExtension)system.RegisterExtension(Provider.Instance)!;
    }

    private sealed class Provider : ExtensionIdProvider<StorageExtension>
    {
        public static readonly Provider Instance = new();

        public override StorageExtension CreateExtension(ExtendedActorSystem system) => new();
    }
}

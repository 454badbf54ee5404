using System.Collections;
using Kv.Gateway;
using System.Runtime.InteropServices;
using Kv.Gateway.Config;
using Kv.Gateway.Try;

var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
    .ToDictionary(static pair => (string)pair.Key, static pair => (string?)pair.Value ?? "", StringComparer.Ordinal);
switch (ConfigSources.Resolve(args, environment, File.ReadAllText, HoconFile.Read))
{
    case ConfigResult.Print print:
        Console.Out.WriteLine(print.Text);
        return 0;
    case ConfigResult.Refused refused:
        Console.Error.WriteLine(refused.Text);
        return refused.ExitCode;
    case ConfigResult.TryCluster trial:
        using (var cluster = new TryCluster(trial.Plan, Console.Out, TimeProvider.System))
        using (var stop = new CancellationTokenSource())
        {
            void Stop(PosixSignalContext signal)
            {
                signal.Cancel = true;
                stop.Cancel();
            }
            using (PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop))
            using (PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop))
            {
                return await cluster.RunAsync(stop.Token);
            }
        }
    case ConfigResult.Run run:
        return await GatewayProcess.RunAsync(run);
    case var other:
        throw new InvalidOperationException($"Configuration came to {other}, which is none of its cases.");
}

using System.Collections;
using Kv.Gateway;
using Kv.Gateway.Config;

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
    case ConfigResult.Run run:
        return await GatewayProcess.RunAsync(run);
    case var other:
        throw new InvalidOperationException($"Configuration came to {other}, which is none of its cases.");
}

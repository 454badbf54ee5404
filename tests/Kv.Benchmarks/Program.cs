using BenchmarkDotNet.Running;
using Kv.Benchmarks.Remote;

if (args is ["remote", .. var rest]) return await RemoteLoad.RunAsync(rest);
return BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args).Any(summary => summary.HasCriticalValidationErrors) ? 1 : 0;

using Kv.Testing.Processes;
using Xunit;

namespace Kv.Gateway.Tests.Process;

/// <summary>A test that needs a small file system of its own. Where none can be had it says that it was not run, and why; with <c>KV_INTEROP=required</c> it fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    /// <summary>Looks whether there can be one.</summary>
    public SmallDiskFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("KV_INTEROP") != "required" && SmallDisk.Obstacle() is { } obstacle)
        {
            Skip = $"not run: {obstacle}";
        }
    }
}

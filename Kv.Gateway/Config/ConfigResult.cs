namespace Kv.Gateway.Config;

/// <summary>What the command line, environment and files come to.</summary>
public abstract record ConfigResult
{
    private ConfigResult() { }

    /// <summary>Run with these options.</summary>
    /// <param name="Options">Checked.</param>
    /// <param name="Warnings">To be logged as warnings once there is a log.</param>
    public sealed record Run(KvServerOptions Options, IReadOnlyList<ConfigWarning> Warnings) : ConfigResult;

    /// <summary>Start these members as processes and look after them.</summary>
    public sealed record TryCluster(Try.TryPlan Plan) : ConfigResult;

    /// <summary>Print the text on standard output and exit with 0: <c>--version</c>, <c>--help</c>.</summary>
    public sealed record Print(string Text) : ConfigResult;

    /// <summary>Print the text on standard error and exit.</summary>
    /// <param name="ExitCode">2 for what Go's flag package refuses (unknown flag, value that cannot be read), else 1; as etcd.</param>
    /// <param name="Text">What is wrong; may have several lines.</param>
    public sealed record Refused(int ExitCode, string Text) : ConfigResult;
}

/// <summary>Something odd in the configuration that does not keep the node from running.</summary>
/// <param name="Message">Constant text, as etcd logs it where etcd has it.</param>
/// <param name="Field">Name of the log field.</param>
/// <param name="Value">Its value.</param>
public sealed record ConfigWarning(string Message, string Field, string Value);

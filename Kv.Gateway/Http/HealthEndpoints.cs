using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kv.Actors.Meters;
using Kv.Actors.Model;
using Kv.Actors.Node;
using Kv.Gateway.Calls;
using Kv.Gateway.Logging;

namespace Kv.Gateway.Http;

/// <summary><c>/health</c>, <c>/livez</c> and <c>/readyz</c> with etcd's bodies, headers and verbs. No token is needed for any.</summary>
public sealed class HealthEndpoints
{
    private readonly INodeProbe _probe;
    private readonly Metrics _metrics;
    private readonly ILogger _log;
    private readonly Check[] _live, _ready;

    /// <summary>Answers for the node behind <paramref name="probe"/>.</summary>
    public HealthEndpoints(INodeProbe probe, Metrics metrics, ILogger log)
    {
        (_probe, _metrics, _log) = (probe, metrics, log);
        var serializable = new Check("serializable_read", c => Read(serializable: true, c));
        _live = [serializable];
        _ready =
        [
            new Check("data_corruption", _ => new(_probe.Alarms.Contains("CORRUPT") ? "alarm activated: CORRUPT" : null)),
            serializable,
            new Check("linearizable_read", c => Read(serializable: false, c)),
            new Check("non_learner", _ => new(_probe.IsLearner ? "not supported for learner" : null)),
        ];
    }

    /// <summary>Name, and what is wrong or null.</summary>
    private sealed record Check(string Name, Func<CancellationToken, ValueTask<string?>> Run);

    /// <summary>
    /// <c>/health</c>: alarms, then a known leader, then a read. <c>?exclude=NOSPACE</c> ignores an alarm (repeatable),
    /// <c>?serializable=true</c> looks at this member alone.
    /// </summary>
    public async Task Health(HttpContext context)
    {
        if (!Plain.IsGet(context, out var refusal))
        {
            await refusal;
            return;
        }

        var query = context.Request.Query;
        var serializable = query["serializable"] == "true";
        var reason = await UnhealthyReason(query["exclude"].ToHashSet(StringComparer.Ordinal), serializable, context.RequestAborted);
        if (reason is null)
        {
            _metrics.HealthSuccesses.Add();
            await Plain.Write(context, 200, Plain.Text, "{\"health\":\"true\",\"reason\":\"\"}");
            return;
        }

        _metrics.HealthFailures.Add();
        var json = JsonEncodedText.Encode(reason, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);        // as Go does
        await Plain.Write(context, 503, Plain.Text, $"{{\"health\":\"false\",\"reason\":\"{json}\"}}\n", noSniff: true);
    }

    /// <summary><c>/livez</c> and <c>/livez/CHECK</c>.</summary>
    public Task Live(HttpContext context) => Run(context, "livez", _live);

    /// <summary><c>/readyz</c> and <c>/readyz/CHECK</c>.</summary>
    public Task Ready(HttpContext context) => Run(context, "readyz", _ready);

    private async ValueTask<string?> UnhealthyReason(HashSet<string?> excluded, bool serializable, CancellationToken cancelled)
    {
        foreach (var alarm in _probe.Alarms)
        {
            if (!excluded.Contains(alarm))
            {
                var reason = alarm is "NOSPACE" or "CORRUPT" ? $"ALARM {alarm}" : "ALARM UNKNOWN";
                _log.HealthFalseAlarm(alarm);
                return reason;
            }
        }

        if (!serializable && !_probe.HasLeader)
        {
            _log.HealthFalseNoLeader();
            return "RAFT NO LEADER";
        }

        if (await Read(serializable, cancelled) is { } error)
        {
            _log.HealthFalseRead(error);
            return $"RANGE ERROR:{error}";
        }

        return null;
    }

    private async ValueTask<string?> Read(bool serializable, CancellationToken cancelled)
    {
        try
        {
            var error = await _probe.ReadAsync(serializable, cancelled);
            return error == KvError.None ? null : ErrorMap.Text(error);
        }
        catch (OperationCanceledException)
        {
            return "context canceled";
        }
    }

    /// <summary>Runs all checks of a page but the excluded, or the one that the path names.</summary>
    private async Task Run(HttpContext context, string page, Check[] checks)
    {
        var rest = context.Request.Path.Value.AsSpan(page.Length + 1).TrimStart('/').ToString();
        if (rest.Length > 0)
        {
            checks = [.. checks.Where(c => c.Name == rest)];
            if (checks.Length == 0)
            {
                await Plain.NotFound(context);
                return;
            }
        }

        if (!Plain.IsGet(context, out var refusal))
        {
            await refusal;
            return;
        }

        if (rest.Length == 0)
        {
            var excluded = context.Request.Query["exclude"].ToHashSet(StringComparer.Ordinal);
            foreach (var name in excluded.Where(n => checks.All(c => c.Name != n)))
            {
                _log.HealthCheckNotExcludable(name ?? "");
            }

            checks = [.. checks.Where(c => !excluded.Contains(c.Name))];
        }

        var lines = new StringBuilder();
        var failed = false;
        foreach (var check in checks)
        {
            var problem = await check.Run(context.RequestAborted);
            lines.Append(problem is null ? $"[+]{check.Name} ok\n" : $"[-]{check.Name} failed: {problem}\n");
            failed |= problem is not null;
            _metrics.HealthCheck.With(page, check.Name).Set(problem is null);
            _metrics.HealthChecks.With(page, check.Name, problem is null ? "success" : "error").Add();
        }

        if (failed)
        {
            _log.HealthCheckFailed($"/{page}", lines.ToString());
            await Plain.Write(context, 503, Plain.Text, lines.ToString(), noSniff: true);
            return;
        }

        var verbose = context.Request.Query.ContainsKey("verbose");
        await Plain.Write(context, 200, Plain.Text, verbose ? $"{lines}ok\n" : "ok\n", noSniff: true);
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kv.Load.Http2;
using Kv.Load.Workloads;

namespace Kv.Load.Servers;

/// <summary>Members of one cluster on loopback, measured as one server: their CPU time is added up, their memory is the largest one's.</summary>
internal sealed class ServerCluster : StartedServer
{
    private const string Status = "/etcdserverpb.Maintenance/Status", Put = "/etcdserverpb.KV/Put";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(1);
    private readonly ServerKind _kind;
    private IReadOnlyList<ServerProcess> _members;

    /// <summary>Starts the members on empty folders below <paramref name="folder"/>.</summary>
    public ServerCluster(ServerKind kind, string folder, int members)
    {
        (_kind, Folder) = (kind, folder);
        var peers = Enumerable.Range(1, members).Select(static number => (Name: $"m{number}", Peer: FreeEndPoint())).ToArray();
        var initial = string.Join(',', peers.Select(static member => $"{member.Name}=http://{member.Peer}"));
        _members = [.. peers.Select(member =>
            new ServerProcess(kind, Directory.CreateDirectory(Path.Combine(folder, member.Name)).FullName, member.Name, member.Peer, initial))];
    }

    /// <inheritdoc/>
    public override string Name => _kind.Name;

    /// <inheritdoc/>
    public override string Folder { get; }

    /// <summary>The members, the leader first, as of <see cref="WaitReadyAsync"/>.</summary>
    public IReadOnlyList<ServerProcess> Members => _members;

    /// <inheritdoc/>
    public override IPEndPoint Client => _members[0].Client;

    /// <inheritdoc/>
    public override IReadOnlyList<IPEndPoint> Clients => [.. _members.Select(static member => member.Client)];

    /// <inheritdoc/>
    protected override int? ProcessId => null;

    /// <inheritdoc/>
    public override double CpuSeconds() => _members.Sum(static member => member.CpuSeconds());

    /// <inheritdoc/>
    public override double ResidentBytes() => _members.Max(static member => member.ResidentBytes());

    /// <inheritdoc/>
    public override double PeakResidentBytes() => _members.Max(static member => member.PeakResidentBytes());

    /// <inheritdoc/>
    public override async Task RelaunchAsync(bool empty)
    {
        foreach (var member in _members)
        {
            await member.KillAsync();
        }
        foreach (var member in _members)
        {
            member.Relaunch(empty);
        }
    }

    /// <summary>Waits until every member has taken a put, then finds the leader.</summary>
    /// <exception cref="InvalidOperationException">One ended, or did not take it within a minute.</exception>
    public override async Task WaitReadyAsync()
    {
        var started = Stopwatch.GetTimestamp();
        foreach (var member in _members)
        {
            while (await AskAsync(member, Put, KvWorkloads.MakePut(new byte[512], "ready/", 0).ToArray()) is null)
            {
                member.ThrowIfEnded();
                if (Stopwatch.GetElapsedTime(started) > ReadyLimit)
                {
                    throw new InvalidOperationException($"{Name}: the member on {member.Client} took no put within {ReadyLimit.TotalSeconds:0} s.");
                }
                await Task.Delay(20);
            }
        }
        var leaders = new Dictionary<ServerProcess, bool>();
        foreach (var member in _members)
        {
            leaders[member] = await StatusAsync(member) is { } status && status.Leader == status.Self;
        }
        _members = [.. _members.OrderByDescending(member => leaders[member])];
    }

    /// <summary>What Maintenance.Status says of a member, or null while it does not answer.</summary>
    public static async Task<(long Self, long Leader, long Revision)?> StatusAsync(ServerProcess member)
    {
        if (await AskAsync(member, Status, []) is not { } status)
        {
            return null;
        }
        var header = ProtoFields.Find(status, 1);
        return (ProtoFields.FindNumber(header, 2), ProtoFields.FindNumber(status, 4), ProtoFields.FindNumber(header, 3));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var member in _members)
        {
            member.Dispose();
        }
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private static async Task<byte[]?> AskAsync(ServerProcess member, string path, byte[] request)
    {
        try
        {
            using var connection = await GrpcConnection.ConnectAsync(member.Client, int.MaxValue);
            return await UnaryCall.TryAsync(connection, path, request);
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return null;                                        // not listening yet, or closed while starting
        }
    }
}

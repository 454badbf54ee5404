using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kv.Gateway.Tests.Config;

/// <summary>A domain name server on a loopback port, with the records it is given: SRV and A.</summary>
public sealed class DnsResponder : IAsyncDisposable
{
    private const int TypeA = 1, TypeSrv = 33;

    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Dictionary<string, List<(string Host, int Port)>> _services = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, IPAddress> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;

    public IPEndPoint EndPoint => (IPEndPoint)_socket.Client.LocalEndPoint!;

    public DnsResponder Service(string name, string host, int port)
    {
        if (!_services.TryGetValue(name, out var records))
        {
            _services[name] = records = [];
        }
        records.Add((host, port));
        return this;
    }

    public DnsResponder Host(string name, string address)
    {
        _hosts[name] = IPAddress.Parse(address);
        return this;
    }

    public DnsResponder Start()
    {
        _serving = ServeAsync();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var asked = await _socket.ReceiveAsync(_stop.Token);
                await _socket.SendAsync(Answer(asked.Buffer), asked.RemoteEndPoint, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    /// <summary>Header with the question repeated, and an answer for each record; the name in it points to the question's.</summary>
    private byte[] Answer(byte[] query)
    {
        var at = 12;
        var labels = new List<string>();
        while (query[at] != 0)
        {
            labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
            at += query[at] + 1;
        }
        var name = string.Join('.', labels);
        int type = BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(at + 1));
        var question = query.AsSpan(12, at + 5 - 12).ToArray();
        var records = type switch
        {
            TypeSrv when _services.TryGetValue(name, out var services) => services.Select(static s => Srv(s.Host, s.Port)).ToList(),
            TypeA when _hosts.TryGetValue(name, out var address) => [address.GetAddressBytes()],
            _ => [],
        };
        var known = _services.ContainsKey(name) || _hosts.ContainsKey(name);
        var answer = new List<byte>();
        answer.AddRange(query.AsSpan(0, 2));
        answer.AddRange(Short(known ? 0x8180 : 0x8183));
        answer.AddRange([.. Short(1), .. Short(records.Count), .. Short(0), .. Short(0)]);
        answer.AddRange(question);
        foreach (var data in records)
        {
            answer.AddRange([.. Short(0xc00c), .. Short(type), .. Short(1), 0, 0, 0, 60, .. Short(data.Length), .. data]);
        }
        return [.. answer];
    }

    private static byte[] Srv(string host, int port)
    {
        var target = host.Split('.').SelectMany(static label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]);
        return [.. Short(0), .. Short(0), .. Short(port), .. target, 0];
    }

    private static byte[] Short(int value) => [(byte)(value >> 8), (byte)value];
}

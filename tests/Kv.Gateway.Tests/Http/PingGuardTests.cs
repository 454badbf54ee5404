using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Kv.Gateway.Http;
using Xunit;

namespace Kv.Gateway.Tests.Http;

/// <summary>What a client that pings gets. How the real thing compares with etcd's: Kv.Interop, PingTests.</summary>
public sealed class PingGuardTests
{
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7;
    private const byte Last = 1, Ack = 1;

    private readonly Clock _clock = new();
    private readonly Pipe _toServer = new();
    private readonly Pipe _toClient = new();
    private readonly PingGuard _guard;

    public PingGuardTests()
    {
        _guard = new PingGuard(_toServer.Reader, _toClient.Writer, TimeSpan.FromSeconds(5), _clock);
    }

    /// <summary>Seconds at which pings come, and which of them ends the connection; 0 is none.</summary>
    [Theory]
    [InlineData(true, false, "0 1 2 3", 4)]
    [InlineData(true, false, "0 5 10 15 20 25", 0)]
    [InlineData(true, false, "0 1 2 8 9", 5)]               // strikes are not forgotten with time
    [InlineData(true, true, "0 1 2 3 4 5 6", 0)]            // the server sends in between
    [InlineData(false, false, "0 100 200 300", 4)]          // no call: two hours apart
    [InlineData(false, false, "0 7200 14400 21600", 0)]
    public void Strikes_are_counted_as_grpc_counts_them(bool hasCalls, bool hasSent, string seconds, int ends)
    {
        var strikes = new PingStrikes(TimeSpan.FromSeconds(5));
        var tooMany = seconds.Split(' ')
            .Select(text => strikes.IsTooMany(TimeSpan.FromSeconds(int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)), hasCalls, hasSent))
            .ToList();
        Assert.Equal(ends, tooMany.IndexOf(true) + 1);
    }

    [Fact]
    public void No_time_at_all_is_grpcs_own_default()
    {
        var strikes = new PingStrikes(TimeSpan.Zero);
        Assert.Equal([false, false, false, true], Enumerable.Range(0, 4).Select(i => strikes.IsTooMany(TimeSpan.FromSeconds(i * 299), true, false)));
    }

    [Fact]
    public async Task Pings_without_a_call_end_in_a_go_away_behind_the_last_answer()
    {
        await SayAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0)]);
        for (var i = 1; i <= 4; i++)
        {
            await SayAsync(Frame(Ping, 0, 0, new byte[8]));
            Assert.Equal(i < 4 ? "6" : "6 7 0 11 too_many_pings", await AnswerAsync(Frame(Ping, Ack, 0, new byte[8])));
        }
        var end = await _guard.Input.ReadAsync();
        Assert.True(end.IsCompleted && end.Buffer.IsEmpty);
        Assert.Equal("", await AnswerAsync(Frame(GoAway, 0, 0, new byte[8])));      // what Kestrel would say at the end is not sent
    }

    [Fact]
    public async Task A_call_under_way_and_what_is_sent_of_it_count_wherever_frames_are_cut()
    {
        await SayAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0), .. Frame(Headers, 4, 3, new byte[30])], 7);
        Assert.Equal("1 0", await AnswerAsync([.. Frame(Headers, 4, 3, new byte[20]), .. Frame(Data, 0, 3, new byte[300])], 5));
        for (var i = 1; i <= 9; i++)
        {
            _clock.Pass(TimeSpan.FromSeconds(5));                                  // often enough for no call to be too often, not for a call
            await SayAsync(Frame(Ping, 0, 0, new byte[8]), 4);
            Assert.Equal("6", await AnswerAsync(Frame(Ping, Ack, 0, new byte[8])));
        }
        for (var i = 1; i <= 9; i++)
        {
            Assert.Equal("0", await AnswerAsync(Frame(Data, 0, 3, new byte[8]), 3));
            await SayAsync(Frame(Ping, 0, 0, new byte[8]));                        // at once, but behind something sent
            Assert.Equal("6", await AnswerAsync(Frame(Ping, Ack, 0, new byte[8])));
        }
        Assert.Equal("1", await AnswerAsync(Frame(Headers, 4 | Last, 3)));         // the call ends
        for (var i = 1; i <= 4; i++)
        {
            _clock.Pass(TimeSpan.FromSeconds(6));
            await SayAsync(Frame(Ping, 0, 0, new byte[8]));                        // the first comes behind the trailers
            Assert.Equal(i < 4 ? "6" : "6 7 3 11 too_many_pings", await AnswerAsync(Frame(Ping, Ack, 0, new byte[8])));
        }
    }

    [Fact]
    public async Task A_call_that_the_client_resets_is_no_call_under_way()
    {
        await SayAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Headers, 4, 1), .. Frame(Reset, 0, 1, new byte[4])]);
        for (var i = 1; i <= 4; i++)
        {
            _clock.Pass(TimeSpan.FromSeconds(6));
            await SayAsync(Frame(Ping, 0, 0, new byte[8]));
            Assert.Equal(i < 4 ? "6" : "6 7 1 11 too_many_pings", await AnswerAsync(Frame(Ping, Ack, 0, new byte[8])));
        }
    }

    /// <summary>Kestrel looks for calls that are left only when something comes: it is to look once more when the last has ended.</summary>
    [Fact]
    public async Task Behind_a_good_bye_the_end_of_the_last_call_ends_the_connection()
    {
        await SayAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Headers, 4, 1), .. Frame(Headers, 4, 3)]);
        Assert.Equal("7 255 0 ", await AnswerAsync(Frame(GoAway, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0)));      // any call, for now
        Assert.Equal("1", await AnswerAsync(Frame(Headers, 4 | Last, 1)));
        var waiting = _guard.Input.ReadAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal("1", await AnswerAsync(Frame(Headers, 4 | Last, 3)));
        var end = await waiting.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(end.IsCompleted && end.Buffer.IsEmpty);
        Assert.Equal("7 3 0 ", await AnswerAsync(Frame(GoAway, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0)));      // which of them were served
    }

    [Fact]
    public async Task Answers_to_the_servers_own_pings_are_no_pings()
    {
        await SayAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        for (var i = 0; i < 20; i++)
        {
            await SayAsync(Frame(Ping, Ack, 0, new byte[8]));
            Assert.Equal("6", await AnswerAsync(Frame(Ping, 0, 0, new byte[8])));
        }
    }

    private static byte[] Frame(byte type, byte flags, byte stream, params byte[] payload) =>
        [0, (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];

    /// <summary>The client's bytes, in pieces of that size, read as Kestrel reads: all of it, or all but the last byte and then the rest.</summary>
    private async Task SayAsync(byte[] bytes, int piece = int.MaxValue)
    {
        var came = new List<byte>();
        foreach (var part in bytes.Chunk(piece))
        {
            await _toServer.Writer.WriteAsync(part);
            var read = await _guard.Input.ReadAsync();
            came.AddRange(read.Buffer.Slice(0, read.Buffer.Length - 1).ToArray());
            _guard.Input.AdvanceTo(read.Buffer.GetPosition(read.Buffer.Length - 1));
            read = await _guard.Input.ReadAsync();
            came.AddRange(read.Buffer.ToArray());
            _guard.Input.AdvanceTo(read.Buffer.End);
        }
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(came.ToArray()));
    }

    /// <summary>The server's bytes, written in pieces of that size and flushed at the end. Gives what reached the client: frames by type, of a GOAWAY all it says.</summary>
    private async Task<string> AnswerAsync(byte[] bytes, int piece = int.MaxValue)
    {
        foreach (var part in bytes.Chunk(piece))
        {
            _guard.Output.Write(part);
        }
        await _guard.Output.FlushAsync();
        if (!_toClient.Reader.TryRead(out var read))
        {
            return "";
        }
        var sent = read.Buffer.ToArray();
        _toClient.Reader.AdvanceTo(read.Buffer.End);
        var frames = new List<string>();
        for (var at = 0; at < sent.Length; at += 9 + ((sent[at + 1] << 8) | sent[at + 2]))
        {
            frames.Add(sent[at + 3] == GoAway
                ? $"7 {sent[at + 12]} {sent[at + 16]} {Encoding.ASCII.GetString(sent, at + 17, sent[at + 2] - 8)}"
                : $"{sent[at + 3]}");
        }
        return string.Join(' ', frames);
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Pass(TimeSpan time) => _ticks += time.Ticks;
    }
}

using System.Buffers;
using Google.Protobuf;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Mvccpb;
using Kv.Actors.Watch;
using Xunit;
using WatchResponse = Kv.Actors.Watch.WatchResponse;

namespace Kv.Actors.Tests.Watch;

public sealed class WatchWireTests
{
    private static readonly WatchHeader Header = new(14841639068965178418, 10276657743932975437, 3);

    public static TheoryData<string> Cases { get; } =
        ["created", "created -5", "refused", "canceled", "compacted", "progress", "progress all"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Responses_without_events_are_what_the_generated_classes_write(string which)
    {
        var response = which switch
        {
            "created" => WatchResponse.Created(0, 5),
            "created -5" => WatchResponse.Created(-5, 1L << 40),
            "refused" => WatchResponse.Refused("mvcc: watcher range is empty – ü", 9),
            "canceled" => WatchResponse.Canceled(1, 9),
            "compacted" => WatchResponse.Compacted(long.MaxValue, 300),
            "progress" => WatchResponse.Progress(200, 128),
            _ => WatchResponse.Progress(-1, 127),
        };
        Same(response, Header);
        Same(response, new WatchHeader(1, 0, 0));
    }

    [Fact]
    public void An_event_response_is_pinned_byte_for_byte()
    {
        var put = new KeyVersion("k"u8.ToArray(), "v1"u8.ToArray(), new Revision(300, 0), 2, 3, new LeaseId(-1));
        var output = new ArrayBufferWriter<byte>();
        WatchWire.Write(output, WatchResponse.Of(1, 300, new EventBatch([put]), prevKv: false), new WatchHeader(5, 6, 7));
        Assert.Equal(
            "0A0908051006" + "18AC022007" + "1001" + "5A1B" + "1219" + "0A016B" + "1002" + "18AC02" + "2003" + "2A027631" + "30FFFFFFFFFFFFFFFFFF01",
            Convert.ToHexString(output.WrittenSpan));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_events_are_what_the_generated_classes_write(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var store = new FakeStore();
            for (var i = 0; i < 4; i++)
            {
                store.Write("a=" + new string('v', random.Next(300)), "b=" + i, "c=", $"{new string('k', random.Next(1, 200))}=x");
            }
            store.Write("a", "b=new", "c");
            var root = store.Root;
            var events = new List<EventRef>();
            for (long revision = 2; revision <= 6; revision++)
            {
                var batch = new EventBatch([.. store.All.Where(c => c.ModRevision == revision)]);
                batch.LookUpPrevious(root);
                if (random.Next(2) == 0)
                {
                    batch.Share();
                }
                var prevKv = random.Next(2) == 0;
                Same(WatchResponse.Of(random.Next(-1, 300), revision, batch, prevKv), Header);
                events.AddRange(Enumerable.Range(0, batch.Count).Where(_ => random.Next(3) > 0).Select(i => new EventRef(batch, i)));
            }
            if (events.Count == 0)
            {
                continue;
            }
            var run = WatchResponse.Of(7, 99, new EventRun([.. events]), random.Next(2) == 0);
            Same(run, Header);
            var parts = new Queue<WatchResponse>();
            Fragmenter.Split(run, random.Next(100, 1500), Header, parts);
            Assert.Equal(events, parts.SelectMany(p => p.Events()));
            Assert.All(parts, p => Same(p, Header));
            Assert.All(parts.SkipLast(1), p => Assert.True(p.IsFragment));
            Assert.False(parts.Last().IsFragment);
        }
    }

    private static void Same(WatchResponse response, WatchHeader header)
    {
        var message = new Protos.Etcdserverpb.WatchResponse
        {
            Header = new ResponseHeader
            {
                ClusterId = header.ClusterId,
                MemberId = header.MemberId,
                Revision = response.Revision,
                RaftTerm = header.RaftTerm,
            },
            WatchId = response.WatchId,
            Created = response.IsCreated,
            Canceled = response.IsCanceled,
            CompactRevision = response.CompactRevision,
            CancelReason = response.CancelReason,
            Fragment = response.IsFragment,
        };
        foreach (var (batch, index) in response.Events())
        {
            message.Events.Add(new Event
            {
                Type = batch[index].IsTombstone ? Event.Types.EventType.Delete : Event.Types.EventType.Put,
                Kv = Pair(batch[index]),
                PrevKv = response.PrevKv && batch.Previous(index) is { } previous ? Pair(previous) : null,
            });
        }
        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(message.CalculateSize(), WatchWire.Write(output, response, header));
        Assert.Equal(message.ToByteArray(), output.WrittenSpan.ToArray());
    }

    private static KeyValue Pair(KeyVersion version) => new()
    {
        Key = ByteString.CopyFrom(version.Key),
        Value = ByteString.CopyFrom(version.Value),
        CreateRevision = version.CreateRevision,
        ModRevision = version.ModRevision,
        Version = version.Version,
        Lease = version.Lease.Value,
    };
}

using Google.Protobuf;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Load.Workloads;
using Xunit;

namespace Kv.Gateway.Tests.Load;

/// <summary>What the load generator writes without message objects is what the generated code reads, and the other way round.</summary>
public sealed class MessageTests
{
    [Fact]
    public void A_put_reads_as_a_put()
    {
        var put = PutRequest.Parser.ParseFrom(KvWorkloads.MakePut(new byte[512], "p/", 42));
        Assert.Equal("p/0000000042", put.Key.ToStringUtf8());
        Assert.Equal(256, put.Value.Length);
        Assert.Equal(0, put.Lease);
    }

    [Fact]
    public void A_count_covers_every_key_of_its_prefix()
    {
        var range = RangeRequest.Parser.ParseFrom(KvWorkloads.MakeCount(new byte[128], "p/"));
        Assert.Equal(("p/0000000000", "p/9999999999", true), (range.Key.ToStringUtf8(), range.RangeEnd.ToStringUtf8(), range.CountOnly));
        Assert.Equal("p0"u8.ToArray(), KvWorkloads.EndOf("p/"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void Numbers_go_there_and_back(long number)
    {
        var message = new Message(new byte[32]);
        message.Number(2, number);
        Assert.Equal(number, LeaseGrantRequest.Parser.ParseFrom(message.Written).ID);
        Assert.Equal(number, ProtoFields.FindNumber(new LeaseKeepAliveResponse { Header = new ResponseHeader { MemberId = 5 }, TTL = number }.ToByteArray(), 3));
    }

    [Fact]
    public void A_stamp_is_found_in_the_event_that_carries_it()
    {
        var put = PutRequest.Parser.ParseFrom(WatchWorkloads.MakeStampedPut(new byte[512], "w/", 7, 123_456_789_012));
        var response = new WatchResponse { WatchId = 3 };
        response.Events.Add(new Kv.Actors.Protos.Mvccpb.Event { Kv = new() { Key = put.Key, Value = put.Value, ModRevision = 9 } });
        var kv = ProtoFields.Find(ProtoFields.Find(response.ToByteArray(), 11), 2);
        Assert.Equal(123_456_789_012, Keys.ReadStamp(ProtoFields.Find(kv, 5)));
        Assert.True(ProtoFields.Find(kv, 4).IsEmpty);
    }
}

using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Kv.Actors.Apply;
using Kv.Actors.Model;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Protos.Internal;
using Xunit;

namespace Kv.Actors.Tests.Apply;

public class RequestIdsTests
{
    [Fact]
    public void The_id_found_is_the_one_protobuf_decodes() => Prop.ForAll(
        ArbMap.Default.ArbFor<ulong>(), ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<bool>(), (id, value, withUser) =>
        {
            var request = new InternalRaftRequest
            {
                Header = new RequestHeader { Id = id, User = withUser ? "root" : "", AuthRevision = withUser ? id ^ 0xff : 0 },
                Put = new PutRequest { Key = ByteString.CopyFrom(value ?? []), Value = ByteString.CopyFrom(value ?? []), Lease = (long)(id / 2) },
            };
            return RequestIds.Read(request.ToByteArray()).Value == InternalRaftRequest.Parser.ParseFrom(request.ToByteArray()).Header.Id;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_header_in_front_is_found_as_well()
    {
        var header = new InternalRaftRequest { Header = new RequestHeader { Id = 77 } }.ToByteArray();
        var body = Requests.Put("key", "value").ToByteArray();
        Assert.Equal(new RequestId(77), RequestIds.Read([.. header, .. body]));
        Assert.Equal(new RequestId(77), RequestIds.Read([.. body, .. header]));
    }

    [Fact]
    public void Fields_of_every_wire_type_are_stepped_over()
    {
        var header = new InternalRaftRequest { Header = new RequestHeader { Id = 5 } }.ToByteArray();
        byte[] unknown = [0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xad, 0x06, 1, 2, 3, 4, 0xb0, 0x06, 0x96, 0x01];   // fields 100..102 shapes: fixed64, fixed32, varint
        unknown[0] = 0xf9; unknown[10] = 0xfd; unknown[16] = 0xf8;                                              // field 111
        Assert.Equal(new RequestId(5), RequestIds.Read([.. unknown, .. header]));
    }

    [Fact]
    public void A_request_without_header_has_no_id()
    {
        Assert.Equal(default, RequestIds.Read(Requests.Put("a", "b").ToByteArray()));
        Assert.Equal(default, RequestIds.Read([]));
    }

    [Fact]
    public void A_wire_type_that_does_not_exist_is_reported() =>
        Assert.Throws<InvalidDataException>(() => RequestIds.Read([0x0b]));
}

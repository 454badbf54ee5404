using System.Net.Sockets;
using Grpc.Core;
using Kv.Chaos.Clients;
using Xunit;

namespace Kv.Chaos.Tests;

/// <summary>Only what certainly had no effect may be called failed; a mistake here would hide a lost write or invent one.</summary>
public sealed class FateTests
{
    [Theory]
    [InlineData(StatusCode.NotFound, "etcdserver: requested lease not found")]
    [InlineData(StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted")]
    [InlineData(StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded")]
    [InlineData(StatusCode.Unknown, "etcdserver: too many requests")]
    [InlineData(StatusCode.Unavailable, "etcdserver: no leader")]
    public void The_stores_refusals_are_final(StatusCode code, string text) => Assert.True(MemberClient.CertainlyFailed(new RpcException(new Status(code, text))));

    [Theory]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out")]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out, possibly due to previous leader failure")]
    [InlineData(StatusCode.Unavailable, "etcdserver: leader changed")]
    [InlineData(StatusCode.Unavailable, "etcdserver: server stopped")]
    [InlineData(StatusCode.DeadlineExceeded, "")]
    [InlineData(StatusCode.Cancelled, "")]
    [InlineData(StatusCode.Internal, "Bad gRPC response")]
    [InlineData(StatusCode.Unknown, "context deadline exceeded")]
    [InlineData(StatusCode.ResourceExhausted, "grpc: received message larger than max")]
    public void Time_outs_and_broken_connections_say_nothing(StatusCode code, string text) =>
        Assert.False(MemberClient.CertainlyFailed(new RpcException(new Status(code, text))));

    [Fact]
    public void A_connection_that_was_refused_carried_nothing()
    {
        Exception Connecting(SocketError error) => new HttpRequestException("connecting", new SocketException((int)error));
        Assert.True(MemberClient.CertainlyFailed(new RpcException(new Status(StatusCode.Unavailable, "", Connecting(SocketError.ConnectionRefused)))));
        Assert.False(MemberClient.CertainlyFailed(new RpcException(new Status(StatusCode.Unavailable, "", Connecting(SocketError.ConnectionReset)))));
    }
}

using Grpc.Core;
using Kv.Actors.Model;
using Kv.Gateway.Calls;
using Xunit;

namespace Kv.Gateway.Tests.Calls;

public class ErrorMapTests
{
    [Fact]
    public void Every_error_has_a_code_and_a_text_of_its_own()
    {
        var errors = Enum.GetValues<KvError>().Where(e => e != KvError.None).ToList();
        Assert.All(errors, e => Assert.NotEqual(StatusCode.OK, ErrorMap.Code(e)));
        Assert.All(errors, e => Assert.NotEqual("", ErrorMap.Text(e)));
        Assert.Equal(errors.Count, errors.Select(ErrorMap.Text).Distinct().Count());
        Assert.Equal(StatusCode.OK, ErrorMap.Code(KvError.None));
    }

    // What clients' own tables compare against; a typing mistake in ErrorMap shows here.
    [Theory]
    [InlineData(KvError.EmptyKey, 3, "etcdserver: key is not provided")]
    [InlineData(KvError.KeyNotFound, 3, "etcdserver: key not found")]
    [InlineData(KvError.ValueProvided, 3, "etcdserver: value is provided")]
    [InlineData(KvError.LeaseProvided, 3, "etcdserver: lease is provided")]
    [InlineData(KvError.TooManyOps, 3, "etcdserver: too many operations in txn request")]
    [InlineData(KvError.DuplicateKey, 3, "etcdserver: duplicate key given in txn request")]
    [InlineData(KvError.Compacted, 11, "etcdserver: mvcc: required revision has been compacted")]
    [InlineData(KvError.FutureRev, 11, "etcdserver: mvcc: required revision is a future revision")]
    [InlineData(KvError.NoSpace, 8, "etcdserver: mvcc: database space exceeded")]
    [InlineData(KvError.LeaseNotFound, 5, "etcdserver: requested lease not found")]
    [InlineData(KvError.LeaseExist, 9, "etcdserver: lease already exists")]
    [InlineData(KvError.LeaseTTLTooLarge, 11, "etcdserver: too large lease TTL")]
    [InlineData(KvError.WatchCanceled, 1, "etcdserver: watch canceled")]
    [InlineData(KvError.RequestTooLarge, 3, "etcdserver: request is too large")]
    [InlineData(KvError.RequestTooManyRequests, 2, "etcdserver: too many requests")]
    [InlineData(KvError.MemberNotEnoughStarted, 2, "etcdserver: re-configuration failed due to not enough started members")]
    [InlineData(KvError.PermissionDenied, 7, "etcdserver: permission denied")]
    [InlineData(KvError.InvalidAuthToken, 16, "etcdserver: invalid auth token")]
    [InlineData(KvError.NoLeader, 14, "etcdserver: no leader")]
    [InlineData(KvError.NotLeader, 9, "etcdserver: not leader")]
    [InlineData(KvError.Stopped, 14, "etcdserver: server stopped")]
    [InlineData(KvError.Timeout, 14, "etcdserver: request timed out")]
    [InlineData(KvError.Corrupt, 15, "etcdserver: corrupt cluster")]
    [InlineData(KvError.NotCapable, 9, "etcdserver: not capable")]
    [InlineData(KvError.DeadlineExceeded, 4, "etcdserver: context deadline exceeded")]
    [InlineData(KvError.Canceled, 1, "etcdserver: request canceled")]
    [InlineData(KvError.InvalidSortOption, 3, "etcdserver: invalid sort option")]
    [InlineData(KvError.UnknownMethod, 2, "etcdserver: unknown method")]
    [InlineData(KvError.RangeStreamSort, 12, "RangeStream does not support custom sort orders")]
    [InlineData(KvError.HealthUnknownService, 5, "unknown service")]
    public void Codes_and_texts_are_etcd_s(KvError error, int code, string text)
    {
        Assert.Equal(code, (int)ErrorMap.Code(error));
        Assert.Equal(text, ErrorMap.Text(error));
        Assert.Equal(new Status((StatusCode)code, text), ErrorMap.Exception(error).Status);
    }

    [Fact]
    public void Inside_a_response_an_error_has_go_s_form() => Assert.Equal(
        "rpc error: code = PermissionDenied desc = etcdserver: permission denied", ErrorMap.GoText(KvError.PermissionDenied));
}

using Google.Protobuf;
using Kv.Actors.Protos.Etcdserverpb;
using Kv.Actors.Watch;
using Xunit;

namespace Kv.Actors.Tests.Watch;

public sealed class WatchSpecTests
{
    [Fact]
    public void An_empty_key_stands_for_the_first_key()
    {
        Assert.Equal([0], WatchSpec.Of(new WatchCreateRequest()).Range.Key);
        Assert.True(WatchSpec.Of(new WatchCreateRequest()).Range.IsSingle);
        var all = WatchSpec.Of(new WatchCreateRequest { RangeEnd = ByteString.CopyFrom(0) });
        Assert.True(all.Range.IsFromKey);
    }

    [Fact]
    public void Everything_asked_for_is_taken_over_and_unknown_filters_are_passed_over()
    {
        var request = new WatchCreateRequest
        {
            Key = ByteString.CopyFromUtf8("a"), RangeEnd = ByteString.CopyFromUtf8("b"), StartRevision = 5, WatchId = -3,
            PrevKv = true, Fragment = true, ProgressNotify = true,
        };
        request.Filters.Add(WatchCreateRequest.Types.FilterType.Nodelete);
        request.Filters.Add((WatchCreateRequest.Types.FilterType)77);
        var spec = WatchSpec.Of(request);
        Assert.Equal((5L, -3L, WatchFilters.NoDelete), (spec.StartRevision, spec.WatchId, spec.Filters));
        Assert.True(spec is { PrevKv: true, Fragment: true, ProgressNotify: true });
        Assert.Equal("b"u8.ToArray(), spec.Range.End);
    }

    [Theory]
    [InlineData(0, 1024, 100)]
    [InlineData(1, 10, 100)]
    [InlineData(1, 1024, 99)]
    public void Limits_out_of_bounds_name_their_key(int responses, long bytes, int intervalMs)
    {
        var limits = new WatchLimits
        {
            QueueResponses = responses, QueueBytes = bytes, ProgressNotifyInterval = TimeSpan.FromMilliseconds(intervalMs),
        };
        Assert.StartsWith("kv.watch.", Assert.Throws<ArgumentOutOfRangeException>(limits.Validate).ParamName, StringComparison.Ordinal);
    }
}

using System.Text;
using System.Text.Json;
using Kv.Actors.Cluster;
using Kv.Actors.Model;
using Xunit;

namespace Kv.Actors.Tests.Cluster;

/// <summary>Members' records byte for byte: they lie in checkpoints and logs, and every member must read the same out of them.</summary>
public sealed class MemberRecordTests
{
    private static readonly ClusterMember _member = new(new NodeId(ulong.MaxValue), "a\"é&", ["http://a:2380", "http://b:2380"], ["http://a:2379"], IsLearner: false);

    public static TheoryData<string> BadRecords => new(
        "", "null", "7", "[]", "{", "{\"id\":1}x", "{\"id\":1}{}", "{\"id\":\"1\"}", "{\"id\":-1}", "{\"id\":1.5}", "{\"id\":18446744073709551616}", "{\"peerURLs\":{}}",
        "{\"peerURLs\":[1]}", "{\"peerURLs\":[null]}", "{\"clientURLs\":\"http://a\"}", "{\"name\":1}", "{\"name\":\"\\ud800\"}", "{\"isLearner\":1}", "{\"isPromote\":\"true\"}",
        "{\"maxLearners\":1.5}", "{\"maxLearners\":2147483648}", "{/**/}");

    [Fact]
    public void A_member_is_written_in_etcds_field_names_without_what_says_nothing()
    {
        Assert.Equal(
            """{"id":18446744073709551615,"peerURLs":["http://a:2380","http://b:2380"],"name":"a\u0022\u00E9\u0026","clientURLs":["http://a:2379"]}""", Text(_member.ToJson()));
        Assert.Equal("""{"id":1,"peerURLs":[],"isLearner":true}""", Text(new ClusterMember(new NodeId(1), "", [], [], IsLearner: true).ToJson()));
        Assert.Equal("""{"id":1,"peerURLs":[]}""", Text(new ClusterMember(new NodeId(1), "", default, default, IsLearner: false).ToJson()));
        AssertSame(_member, ClusterMember.FromJson(_member.ToJson()));
    }

    [Fact]
    public void Changes_are_written_as_etcd_writes_them_with_our_limit_beside_a_learner()
    {
        Assert.Equal("""{"id":1,"peerURLs":["http://a:2380"],"isLearner":true,"maxLearners":3}""",
            Text(new MemberChange.Add(new ClusterMember(new NodeId(1), "", ["http://a:2380"], [], IsLearner: true), 3).ToContext()));
        Assert.Equal("""{"id":1,"peerURLs":null,"isPromote":true}""", Text(new MemberChange.Promote(new NodeId(1)).ToContext()));
        Assert.Equal("""{"id":1,"peerURLs":["http://b:2380"]}""", Text(new MemberChange.Update(new NodeId(1), ["http://b:2380"]).ToContext()));
    }

    [Fact]
    public void What_is_unknown_missing_or_null_is_passed_over_and_of_two_the_last_counts()
    {
        var read = ClusterMember.FromJson("""{"id":1,"id":2,"new":{"id":9},"peerURLs":null,"isLearner":null,"name":null} """u8);
        AssertSame(new ClusterMember(new NodeId(2), "", [], [], IsLearner: false), read);
        AssertSame(new ClusterMember(new NodeId(0), "", [], [], IsLearner: false), ClusterMember.FromJson("{}"u8));
    }

    [Theory]
    [MemberData(nameof(BadRecords))]
    public void A_bad_record_is_refused_and_as_a_change_unreadable(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        if (!json.Contains("isPromote", StringComparison.Ordinal) && !json.Contains("maxLearners", StringComparison.Ordinal))
        {
            Assert.ThrowsAny<JsonException>(() => ClusterMember.FromJson(bytes));
        }
        if (bytes.Length > 0)
        {
            Assert.Equal(new MemberChange.Unreadable(new NodeId(7)), MemberChange.ReadAdd(new NodeId(7), isLearner: false, bytes));
        }
        Assert.Equal(new MemberChange.Unreadable(new NodeId(7)), MemberChange.ReadUpdate(new NodeId(7), bytes));
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused() => Assert.ThrowsAny<JsonException>(() => ClusterMember.FromJson([.. "{\"name\":\""u8, 0xff, .. "\"}"u8]));

    [Theory]
    [InlineData("""{"member":"1","founders":[]}""")]
    [InlineData("""{"member":"1","cluster":"x","founders":[]}""")]
    [InlineData("""{"member":"\ud800","cluster":"1","founders":[]}""")]
    [InlineData("""{"member":1,"cluster":"1","founders":[]}""")]
    [InlineData("""{"member":"1","cluster":"1"}""")]
    [InlineData("""{"member":"1","cluster":"1","founders":[7]}""")]
    public void A_bad_identity_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => MemberIdentity.FromJson(Encoding.UTF8.GetBytes(json)));

    private static void AssertSame(ClusterMember expected, ClusterMember actual)
    {
        Assert.Equal((expected.Id, expected.Name, expected.IsLearner), (actual.Id, actual.Name, actual.IsLearner));
        Assert.Equal(expected.PeerUrls.AsEnumerable(), actual.PeerUrls);
        Assert.Equal(expected.ClientUrls.AsEnumerable(), actual.ClientUrls);
    }

    private static string Text(byte[] json) => Encoding.UTF8.GetString(json);
}

using Grpc.Core;

namespace Kv.Compat.Tests.Grpc;

public sealed class MetadataTests
{
    private static readonly byte[] s_bytes = [0, 1, 2, 253, 254, 255, 44];

    [Fact]
    public async Task Text_and_bytes_reach_the_method()
    {
        await using var host = await Host.StartAsync();
        Metadata? seen = null;
        host.Service.OnUnary = (request, context) =>
        {
            seen = context.RequestHeaders;
            return Task.FromResult(request);
        };

        await host.Unary("x", new CallOptions(new Metadata { { "Token", "abc.1" }, { "id-bin", s_bytes } }, DateTime.UtcNow.AddMinutes(1)));

        Assert.Equal("abc.1", seen!.GetValue("token"));
        Assert.Equal(s_bytes, seen.GetValueBytes("id-bin"));
        Assert.DoesNotContain(seen, static e => e.Key is "grpc-timeout" or "content-type" or "te" or "grpc-accept-encoding" || e.Key.StartsWith(':'));
        Assert.Contains("grpc-dotnet", seen.GetValue("user-agent"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AAEC", new byte[] { 0, 1, 2 })]
    [InlineData("AA==", new byte[] { 0 })]
    [InlineData("AA", new byte[] { 0 })]
    [InlineData("AAE", new byte[] { 0, 1 })]
    public async Task Bytes_may_come_with_or_without_padding(string sent, byte[] expected)
    {
        await using var host = await Host.StartAsync();
        byte[]? seen = null;
        host.Service.OnUnary = (request, context) =>
        {
            seen = context.RequestHeaders.GetValueBytes("k-bin");
            return Task.FromResult(request);
        };

        await host.SendAsync("/test.Bytes/Unary", Host.Frame("x"), headers: ("k-bin", sent));

        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task Several_values_of_bytes_in_one_header_are_not_taken_apart()
    {
        await using var host = await Host.StartAsync();
        List<byte[]> seen = [];
        host.Service.OnUnary = (request, context) =>
        {
            seen.AddRange(context.RequestHeaders.GetAll("k-bin").Select(static e => e.ValueBytes));
            return Task.FromResult(request);
        };

        var raw = await host.SendAsync("/test.Bytes/Unary", Host.Frame("x"), headers: ("k-bin", "AAEC,AA"));

        Assert.Empty(seen);
        Assert.Equal("2", raw.GrpcStatus);
    }

    [Fact]
    public async Task Headers_and_trailers_reach_the_client()
    {
        await using var host = await Host.StartAsync();
        host.Service.OnUnary = static async (request, context) =>
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "h", "1" }, { "h-bin", s_bytes } });
            await Assert.ThrowsAsync<InvalidOperationException>(() => context.WriteResponseHeadersAsync([]));
            context.ResponseTrailers.Add("t", "2");
            context.ResponseTrailers.Add("t-bin", s_bytes);
            return request;
        };

        using var call = host.Unary("x");

        var headers = await call.ResponseHeadersAsync;
        Assert.Equal("1", headers.GetValue("h"));
        Assert.Equal(s_bytes, headers.GetValueBytes("h-bin"));
        Assert.Equal("x", await call);
        Assert.Equal("2", call.GetTrailers().GetValue("t"));
        Assert.Equal(s_bytes, call.GetTrailers().GetValueBytes("t-bin"));
    }

    [Fact]
    public async Task Headers_may_be_sent_long_before_the_first_message()
    {
        await using var host = await Host.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service.OnDown = async (_, responses, context) =>
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "h", "1" } });
            await release.Task;
            await responses.WriteAsync("x");
        };
        using var call = host.Down("x");

        Assert.Equal("1", (await call.ResponseHeadersAsync.WaitAsync(Host.Patience)).GetValue("h"));
        release.SetResult();
        Assert.Equal(["x"], await Host.ReadAllAsync(call.ResponseStream));
    }

    [Fact]
    public async Task Credentials_of_a_call_add_to_its_metadata()
    {
        await using var host = await Host.StartAsync(channel: new() { UnsafeUseInsecureChannelCallCredentials = true });
        string? seen = null;
        host.Service.OnUnary = (request, context) =>
        {
            seen = context.RequestHeaders.GetValue("token");
            return Task.FromResult(request);
        };
        var credentials = CallCredentials.FromInterceptor(static (context, metadata) =>
        {
            metadata.Add("token", context.MethodName);
            return Task.CompletedTask;
        });

        await host.Unary("x", new CallOptions(credentials: credentials));

        Assert.Equal("Unary", seen);
    }

    [Fact]
    public void Keys_are_lower_case_and_fit_their_values()
    {
        var metadata = new Metadata { { "Ab-C_d.1", "v" }, { "K-Bin", s_bytes } };

        Assert.Equal(["ab-c_d.1", "k-bin"], metadata.Select(static e => e.Key));
        Assert.Equal("v", metadata.GetValue("AB-c_d.1"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("a b", "v"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("a-bin", "v"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("a", s_bytes));
        Assert.Throws<InvalidOperationException>(() => metadata.GetValue("k-bin"));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a", "b"));
    }

    [Fact]
    public void The_last_of_several_entries_is_the_value()
    {
        var metadata = new Metadata { { "k", "1" }, { "other", "x" }, { "k", "2" } };

        Assert.Equal("2", metadata.GetValue("k"));
        Assert.Equal(["1", "2"], metadata.GetAll("k").Select(static e => e.Value));
        Assert.Null(metadata.Get("none"));
    }

    [Fact]
    public void Bytes_are_copied_in_and_out()
    {
        byte[] bytes = [1, 2];
        var entry = new Metadata.Entry("k-bin", bytes);
        bytes[0] = 9;
        entry.ValueBytes[1] = 9;

        Assert.Equal([1, 2], entry.ValueBytes);
        Assert.True(entry.IsBinary);
    }
}

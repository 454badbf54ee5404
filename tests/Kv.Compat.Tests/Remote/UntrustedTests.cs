using Akka.Actor;

namespace Kv.Compat.Tests.Remote;

/// <summary>A node that does not trust its peers: they may talk to actors, not stop or search for them.</summary>
public sealed class UntrustedTests
{
    private const string Untrusted = """
        akka.remote {
          untrusted-mode = on
          trusted-selection-paths = ["/user/open"]
        }
        """;

    [Fact]
    public async Task Ordinary_messages_to_refs_pass_and_harmful_ones_do_not()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b", Untrusted);
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var remote = a.Extended.Provider.ResolveActorRef(b.PathOf("echo"));
        remote.Tell(PoisonPill.Instance);
        ((IInternalActorRef)remote).Stop();
        Assert.Equal("alive", await remote.Ask<string>("alive"));
    }

    [Fact]
    public async Task Selections_pass_along_trusted_paths_alone()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b", Untrusted);
        var (closed, open) = (b.Collect("closed"), b.Collect("open"));
        a.Select(b, "closed").Tell("dropped");
        a.Select(b, "open").Tell("let through");
        Assert.Equal("let through", await open.NextAsync());
        a.Extended.Provider.ResolveActorRef(b.PathOf("closed")).Tell("by ref");
        Assert.Equal("by ref", await closed.NextAsync());
    }
}

using System.Threading.Channels;
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

    [Fact]
    public async Task What_may_do_harm_does_not_pass_along_a_trusted_path_either()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b", Untrusted);
        var open = b.Collect("open");
        a.Select(b, "open").Tell(PoisonPill.Instance);
        a.Select(b, "open").Tell("alive");
        Assert.Equal("alive", await open.NextAsync());
    }

    /// <summary>A trusted path counts from the root, as a whole: neither its children, nor patterns, nor the same steps from elsewhere.</summary>
    [Fact]
    public async Task A_path_is_trusted_from_the_root_and_in_full()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b", Untrusted);
        var (open, other) = (b.Collect("open"), b.Collect("other"));
        var inside = Channel.CreateUnbounded<object>();
        var nest = b.System.ActorOf(Props.Create(() => new Nest("user", inside.Writer)), "nest");
        Assert.Equal("there", await nest.Ask<string>("there", TimeSpan.FromSeconds(10)));
        new ActorSelection(nest, "user/open").Tell("from here");
        Assert.Equal("from here", await inside.Reader.NextAsync());
        new ActorSelection(a.Extended.Provider.ResolveActorRef(b.PathOf("nest")), "user/open").Tell("from an actor inside");
        a.System.ActorSelection(b.PathOf("ope?")).Tell("by a pattern");
        a.System.ActorSelection(b.PathOf("open/../other")).Tell("by a way round");
        a.Select(b, "open").Tell("let through");
        Assert.Equal("let through", await open.NextAsync());
        Assert.False(other.TryRead(out _));
        Assert.False(inside.Reader.TryRead(out _));
    }

    /// <summary>Of system messages only stop counts as harmful, and of the automatic ones not Kill: the package's choice.</summary>
    [Fact]
    public async Task Death_watch_and_Kill_pass()
    {
        await using var a = Node.Start("a");
        await using var b = Node.Start("b", Untrusted);
        b.System.ActorOf(Props.Create<Echo>(), "echo");
        var remote = a.Extended.Provider.ResolveActorRef(b.PathOf("echo"));
        var (watching, seen) = a.WatchActor(remote);
        await watching;
        Assert.Equal("alive", await remote.Ask<string>("alive", TimeSpan.FromSeconds(10)));
        remote.Tell(Kill.Instance);
        Assert.Equal(remote, Assert.IsType<Terminated>(await seen.NextAsync()).ActorRef);
    }

    /// <summary>Has the path <c>user/open</c> below it; there stands a collector. Answers once that is so.</summary>
    private sealed class Nest(string child, ChannelWriter<object> sink) : UntypedActor
    {
        protected override void PreStart() =>
            Context.ActorOf(child == "user" ? Props.Create(() => new Nest("open", sink)) : Props.Create(() => new Collector(sink)), child);

        protected override void OnReceive(object message)
        {
            if (child == "user") Context.Child(child).Forward(message);
            else Sender.Tell(message);
        }
    }
}

using System.Text.RegularExpressions;
using Akka.Actor.Internal;
using Akka.Event;
using Akka.Util;

namespace Akka.Actor;

/// <summary>A step of a selection's path.</summary>
public abstract class SelectionPathElement;

/// <summary>To the child of that name.</summary>
public class SelectChildName : SelectionPathElement
{
    /// <summary>By name.</summary>
    public SelectChildName(string name) => Name = name;

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>To all children whose name matches a pattern of <c>*</c> and <c>?</c>.</summary>
public class SelectChildPattern : SelectionPathElement
{
    /// <summary>By pattern.</summary>
    public SelectChildPattern(string patternStr) => PatternStr = patternStr;

    /// <summary>The pattern.</summary>
    public string PatternStr { get; }

    internal bool Matches(string name) =>
        Regex.IsMatch(name, "^" + Regex.Escape(PatternStr).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "$", RegexOptions.CultureInvariant);

    /// <inheritdoc/>
    public override string ToString() => PatternStr;
}

/// <summary>To the parent.</summary>
public class SelectParent : SelectionPathElement
{
    /// <inheritdoc/>
    public override string ToString() => "..";
}

/// <summary>A message on its way along a selection.</summary>
public class ActorSelectionMessage : IAutoReceivedMessage, IPossiblyHarmful, IWrappedMessage
{
    /// <summary>With the steps still to go.</summary>
    public ActorSelectionMessage(object message, SelectionPathElement[] elements, bool wildCardFanOut = false)
    {
        Message = message;
        Elements = elements;
        WildCardFanOut = wildCardFanOut;
    }

    /// <summary>The message.</summary>
    public object Message { get; }

    /// <summary>The steps still to go.</summary>
    public SelectionPathElement[] Elements { get; }

    /// <summary>Whether a pattern was met on the way.</summary>
    public bool WildCardFanOut { get; }

    /// <inheritdoc/>
    public override string ToString() => $"ActorSelectionMessage - Message: {Message} - WildCardFanOut: {WildCardFanOut} - Elements: {string.Join<SelectionPathElement>("/", Elements)}";
}

/// <summary>Whatever lives at a path, looked up anew for each message.</summary>
public class ActorSelection : ICanTell
{
    /// <summary>Along a path of names, <c>..</c> and patterns, from an actor.</summary>
    public ActorSelection(IActorRef anchor, string path)
        : this(anchor, path.Split('/', StringSplitOptions.RemoveEmptyEntries))
    {
    }

    /// <summary>Along elements, from an actor.</summary>
    public ActorSelection(IActorRef anchor, IEnumerable<string> elements)
    {
        Anchor = anchor;
        Path = [.. elements.Where(static e => e.Length > 0).Select(Element)];
    }

    /// <summary>Along steps, from an actor.</summary>
    public ActorSelection(IActorRef anchor, SelectionPathElement[] path)
    {
        Anchor = anchor;
        Path = path;
    }

    /// <summary>Where the path starts.</summary>
    public IActorRef Anchor { get; }

    /// <summary>The steps.</summary>
    public SelectionPathElement[] Path { get; }

    /// <summary>The steps as text.</summary>
    public string PathString => "/" + string.Join<SelectionPathElement>("/", Path);

    internal static SelectionPathElement Element(string text) => text switch
    {
        ".." => new SelectParent(),
        _ when text.AsSpan().ContainsAny('*', '?') => new SelectChildPattern(text),
        _ => new SelectChildName(text),
    };

    internal static ActorSelection From(ActorPath path, ActorSystem system) =>
        new(((ExtendedActorSystem)system).Provider.RootGuardianAt(path.Address), path.Elements);

    internal static ActorSelection From(string path, ActorSystem system, IActorRef lookupRoot)
    {
        if (ActorPath.TryParse(path, out var full)) return From(full, system);
        var provider = ((ExtendedActorSystem)system).Provider;
        return path.StartsWith('/') ? new ActorSelection(provider.RootGuardian, path) : new ActorSelection(lookupRoot, path);
    }

    /// <summary>Sends to all actors selected.</summary>
    public void Tell(object message, IActorRef sender = null)
    {
        sender ??= ActorCell.GetCurrentSelfOrNoSender();
        Walk((IInternalActorRef)Anchor, sender, new ActorSelectionMessage(message, Path));
    }

    /// <summary>The one actor selected.</summary>
    /// <exception cref="ActorNotFoundException">There is none, or it did not answer in time.</exception>
    public Task<IActorRef> ResolveOne(TimeSpan timeout) => Resolve(timeout, CancellationToken.None);

    /// <summary>The one actor selected.</summary>
    /// <exception cref="ActorNotFoundException">There is none, or it did not answer in time.</exception>
    public Task<IActorRef> ResolveOne(TimeSpan timeout, CancellationToken ct) => Resolve(timeout, ct);

    private async Task<IActorRef> Resolve(TimeSpan timeout, CancellationToken ct)
    {
        try
        {
            var identity = await this.Ask<ActorIdentity>(new Identify(null), timeout, ct).ConfigureAwait(false);
            return identity.Subject ?? throw new ActorNotFoundException($"{this}: no such actor");
        }
        catch (AskTimeoutException e)
        {
            throw new ActorNotFoundException($"{this}: no answer within {timeout}", e);
        }
    }

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is ActorSelection other && Equals(other);

    /// <summary>Whether both start at the same actor and go the same way.</summary>
    protected bool Equals(ActorSelection other) => Equals(Anchor, other.Anchor) && PathString == other.PathString;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Anchor, PathString);

    /// <inheritdoc/>
    public override string ToString() => $"ActorSelection[Anchor({Anchor.Path}{(Anchor.Path.Uid == 0 ? "" : "#" + Anchor.Path.Uid)}), Path({PathString})]";

    internal static void Deliver(ActorCell cell, ActorSelectionMessage selection, IActorRef sender) => Walk((IInternalActorRef)cell.Self, sender, selection);

    internal static void Walk(IInternalActorRef from, IActorRef sender, ActorSelectionMessage selection)
    {
        var elements = selection.Elements;
        var current = from;
        for (var i = 0; i < elements.Length; i++)
        {
            if (current is not ActorRefWithCell cell)
            {
                // Not ours to look into: a remote ref or a container such as /temp.
                if (i == 0 && current is not Nobody && !current.IsLocal)
                {
                    current.Tell(selection, sender);
                    return;
                }

                var rest = elements[i..];
                if (current is not Nobody && !current.IsLocal) current.Tell(new ActorSelectionMessage(selection.Message, rest, selection.WildCardFanOut), sender);
                else if (current.GetChild([.. rest.Select(static e => e.ToString())]) is IInternalActorRef { } found and not Nobody) found.Tell(selection.Message, sender);
                else NotFound(from, sender, selection);
                return;
            }

            switch (elements[i])
            {
                case SelectParent:
                    current = cell.Parent;
                    break;
                case SelectChildPattern pattern:
                    FanOut(cell, pattern, elements[(i + 1)..], sender, selection);
                    return;
                default:
                    current = cell.GetSingleChild(((SelectChildName)elements[i]).Name);
                    if (current is Nobody)
                    {
                        NotFound(from, sender, selection);
                        return;
                    }

                    break;
            }
        }

        current.Tell(selection.Message, sender);
    }

    private static void FanOut(ActorRefWithCell cell, SelectChildPattern pattern, SelectionPathElement[] rest, IActorRef sender, ActorSelectionMessage selection)
    {
        var any = false;
        foreach (var child in cell.Children)
        {
            if (!pattern.Matches(child.Path.Name)) continue;
            any = true;
            if (rest.Length == 0) child.Tell(selection.Message, sender);
            else Walk((IInternalActorRef)child, sender, new ActorSelectionMessage(selection.Message, rest, wildCardFanOut: true));
        }

        if (!any && !selection.WildCardFanOut) NotFound(cell, sender, selection);
    }

    private static void NotFound(IInternalActorRef from, IActorRef sender, ActorSelectionMessage selection)
    {
        if (selection.Message is Identify identify)
        {
            if (!selection.WildCardFanOut) sender?.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
            return;
        }

        if (!selection.WildCardFanOut) from.Provider.DeadLetters.Tell(new DeadLetter(selection.Message, sender ?? from.Provider.DeadLetters, from), sender);
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Kv.Actors.Raft;

/// <summary>Raft's state contradicts itself: a bug, a corrupt log, or a shell that broke the Ready contract. Never to be survived.</summary>
public sealed class RaftBugException : Exception
{
    /// <summary>An exception without a message.</summary>
    public RaftBugException()
    {
    }

    /// <summary>States what does not hold, with the numbers.</summary>
    public RaftBugException(string message)
        : base(message)
    {
    }

    /// <summary>States what does not hold, and what showed it.</summary>
    public RaftBugException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Checks in every build; the message is only built when the check fails.</summary>
    internal static void Assert([DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref AssertText message)
    {
        if (!holds) throw new RaftBugException(message.ToString());
    }

    /// <summary>Builds an assertion's text only when it is needed.</summary>
    [InterpolatedStringHandler]
    internal ref struct AssertText
    {
        private DefaultInterpolatedStringHandler _text;

        public AssertText(int literalLength, int formattedCount, bool holds, out bool wanted)
        {
            wanted = !holds;
            if (wanted) _text = new DefaultInterpolatedStringHandler(literalLength, formattedCount);
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}

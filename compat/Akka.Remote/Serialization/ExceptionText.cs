using Akka.Actor;

namespace Akka.Remote.Serialization;

/// <summary>Exceptions on the wire: name and message. A peer names types, it does not have them made: only those listed come back as themselves.</summary>
internal static class ExceptionText
{
    private static readonly Dictionary<string, Func<string, Exception>> s_known = new(StringComparer.Ordinal)
    {
        [typeof(Exception).FullName] = static m => new Exception(m),
        [typeof(ArgumentException).FullName] = static m => new ArgumentException(m),
        [typeof(InvalidOperationException).FullName] = static m => new InvalidOperationException(m),
        [typeof(NotSupportedException).FullName] = static m => new NotSupportedException(m),
        [typeof(TimeoutException).FullName] = static m => new TimeoutException(m),
        [typeof(OperationCanceledException).FullName] = static m => new OperationCanceledException(m),
        [typeof(TaskCanceledException).FullName] = static m => new TaskCanceledException(m),
        [typeof(IOException).FullName] = static m => new IOException(m),
        [typeof(AskTimeoutException).FullName] = static m => new AskTimeoutException(m),
    };

    internal static void Write(BinaryWriter writer, Exception cause)
    {
        writer.Write(cause?.GetType().FullName ?? "");
        writer.Write(cause?.Message ?? "");
    }

    internal static Exception Read(BinaryReader reader)
    {
        var (type, message) = (reader.ReadString(), reader.ReadString());
        if (type.Length == 0) return null;
        return s_known.TryGetValue(type, out var make) ? make(message) : new Exception($"{type}: {message}");
    }
}

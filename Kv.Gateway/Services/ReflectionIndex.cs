using Google.Protobuf;
using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Kv.Gateway.Services;

/// <summary>
/// Finds the files that describe served services by the names of what is in them. Built once; immutable.
/// </summary>
/// <example>
/// With <c>KV.Descriptor</c>: <c>Services</c> is <c>["etcdserverpb.KV"]</c>, and each of <c>etcdserverpb.KV</c>,
/// <c>etcdserverpb.KV.Range</c> and <c>etcdserverpb.RangeRequest.key</c> finds a file.
/// </example>
public sealed class ReflectionIndex
{
    private readonly Dictionary<string, FileDescriptor> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileDescriptor> _symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<int, FileDescriptor>> _extensions = new(StringComparer.Ordinal);

    /// <summary>Indexes the files of <paramref name="services"/> and all they import.</summary>
    public ReflectionIndex(IEnumerable<ServiceDescriptor> services)
    {
        var served = services.ToList();
        Services = [.. served.Select(static s => s.FullName).Order(StringComparer.Ordinal)];
        foreach (var service in served) Add(service.File);
    }

    /// <summary>Full names of the services, in order.</summary>
    public IReadOnlyList<string> Services { get; }

    /// <summary>The file of that name, as in <c>rpc.proto</c>; null if there is none.</summary>
    public FileDescriptor? FileByName(string name) => _files.GetValueOrDefault(name);

    /// <summary>The file with the service, method, message, field, enum or enum value of that full name; null if there is none.</summary>
    public FileDescriptor? FileOfSymbol(string fullName) => _symbols.GetValueOrDefault(fullName);

    /// <summary>The file that extends a message by that field number; null if there is none.</summary>
    public FileDescriptor? FileOfExtension(string message, int number) => _extensions.GetValueOrDefault(message)?.GetValueOrDefault(number);

    /// <summary>The field numbers by which a message is extended, in order; null if there is no such message.</summary>
    public IReadOnlyCollection<int>? ExtensionsOf(string message)
    {
        if (_extensions.TryGetValue(message, out var numbers)) return numbers.Keys;
        return _symbols.TryGetValue(message, out var file) && AllMessages(file).Any(m => m.FullName == message) ? [] : null;
    }

    /// <summary>A file and what it imports, serialized, without those that <paramref name="sent"/> has; they are added to it.</summary>
    public static IReadOnlyList<ByteString> WithImports(FileDescriptor file, HashSet<string> sent)
    {
        List<ByteString> result = [];
        Queue<FileDescriptor> queue = new([file]);
        while (queue.TryDequeue(out var next))
        {
            // The file that was asked for is always in the answer, even if an earlier one had it.
            if (!sent.Add(next.Name) && next != file) continue;
            result.Add(next.SerializedData);
            foreach (var import in next.Dependencies) queue.Enqueue(import);
        }

        return result;
    }

    private static IEnumerable<MessageDescriptor> AllMessages(FileDescriptor file) => file.MessageTypes.SelectMany(static m => Nested(m).Prepend(m));

    private static IEnumerable<MessageDescriptor> Nested(MessageDescriptor message) => message.NestedTypes.SelectMany(static m => Nested(m).Prepend(m));

    private void Add(FileDescriptor file)
    {
        if (!_files.TryAdd(file.Name, file)) return;
        foreach (var import in file.Dependencies) Add(import);

        foreach (var service in file.Services)
        {
            _symbols[service.FullName] = file;
            foreach (var method in service.Methods) _symbols[method.FullName] = file;
        }

        foreach (var type in file.EnumTypes) Add(type, file);
        foreach (var extension in file.Extensions.UnorderedExtensions) Add(extension, file);
        foreach (var message in AllMessages(file))
        {
            _symbols[message.FullName] = file;
            foreach (var field in message.Fields.InDeclarationOrder()) _symbols[field.FullName] = file;
            foreach (var oneof in message.Oneofs) _symbols[oneof.FullName] = file;
            foreach (var type in message.EnumTypes) Add(type, file);
            foreach (var extension in message.Extensions.UnorderedExtensions) Add(extension, file);
        }
    }

    /// <summary>
    /// An enum's values are its siblings, not its children: <c>pkg.VALUE</c> for <c>pkg.Enum</c>. The full names that the
    /// descriptors have here say otherwise.
    /// </summary>
    private void Add(EnumDescriptor type, FileDescriptor file)
    {
        _symbols[type.FullName] = file;
        var scope = type.FullName[..^type.Name.Length];
        foreach (var value in type.Values) _symbols[scope + value.Name] = file;
    }

    private void Add(FieldDescriptor extension, FileDescriptor file)
    {
        _symbols[extension.FullName] = file;
        var message = extension.ExtendeeType.FullName;
        if (!_extensions.TryGetValue(message, out var numbers)) _extensions[message] = numbers = [];
        numbers[extension.FieldNumber] = file;
    }
}

using System.Buffers;
using System.Text.Json;

namespace Kv.Actors.Cluster;

/// <summary>A member, or a change of one, as JSON in etcd's field names: what bucket <c>members</c>, entries of the log and the identity hold.</summary>
/// <remarks><code>
///  {"id":9,"peerURLs":["http://a:2380"],"isLearner":true,"name":"a","clientURLs":["http://a:2379"],"isPromote":true,"maxLearners":1}
/// </code>
/// All but <c>id</c> and <c>peerURLs</c> are left out where they say nothing. Read and written field by field: a serializer's metadata for
/// these few fields would cost every start more than all its records.
/// </remarks>
internal readonly record struct MemberRecord(ulong Id, IReadOnlyList<string>? PeerUrls)
{
    public bool? IsLearner { get; init; }

    public string? Name { get; init; }

    public IReadOnlyList<string>? ClientUrls { get; init; }

    public bool? IsPromote { get; init; }

    /// <summary>Ours.</summary>
    public int? MaxLearners { get; init; }

    /// <summary>The JSON that <paramref name="write"/> writes.</summary>
    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>One JSON value, and nothing after it.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonElement Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var element = JsonElement.ParseValue(ref reader);
        return !reader.Read() ? element : throw new JsonException($"{reader.TokenType} after the value.");
    }

    /// <summary>A field; null where it is missing or the JSON value null.</summary>
    /// <exception cref="JsonException">It is of another kind, or <paramref name="json"/> is no object.</exception>
    public static JsonElement? Field(JsonElement json, string name, params ReadOnlySpan<JsonValueKind> kinds) =>
        json.ValueKind != JsonValueKind.Object ? throw new JsonException($"{json.ValueKind} where an object should be.")
        : !json.TryGetProperty(name, out var field) || field.ValueKind == JsonValueKind.Null ? null
        : kinds.Contains(field.ValueKind) ? field
        : throw new JsonException($"{name} is {field.ValueKind}.");

    /// <summary>Reads a record.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static MemberRecord Read(JsonElement json)
    {
        var (id, maxLearners) = (0UL, 0);
        if (Field(json, "id", JsonValueKind.Number) is { } number && !number.TryGetUInt64(out id))
        {
            throw new JsonException($"{number} is no id.");
        }
        var max = Field(json, "maxLearners", JsonValueKind.Number);
        if (max is { } limit && !limit.TryGetInt32(out maxLearners))
        {
            throw new JsonException($"{limit} is no number of learners.");
        }
        return new MemberRecord(id, Texts(json, "peerURLs"))
        {
            IsLearner = Flag(json, "isLearner"),
            Name = Text(Field(json, "name", JsonValueKind.String)),
            ClientUrls = Texts(json, "clientURLs"),
            IsPromote = Flag(json, "isPromote"),
            MaxLearners = max is null ? null : maxLearners,
        };
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("id", Id);
        if (PeerUrls is null)
        {
            json.WriteNull("peerURLs");
        }
        else
        {
            WriteTexts(json, "peerURLs", PeerUrls);
        }
        if (IsLearner is { } isLearner)
        {
            json.WriteBoolean("isLearner", isLearner);
        }
        if (Name is not null)
        {
            json.WriteString("name", Name);
        }
        if (ClientUrls is not null)
        {
            WriteTexts(json, "clientURLs", ClientUrls);
        }
        if (IsPromote is { } isPromote)
        {
            json.WriteBoolean("isPromote", isPromote);
        }
        if (MaxLearners is { } maxLearners)
        {
            json.WriteNumber("maxLearners", maxLearners);
        }
        json.WriteEndObject();
    }

    public static bool? Flag(JsonElement json, string name) => Field(json, name, JsonValueKind.True, JsonValueKind.False)?.GetBoolean();

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }

    private static List<string>? Texts(JsonElement json, string name)
    {
        if (Field(json, name, JsonValueKind.Array) is not { } array)
        {
            return null;
        }
        var texts = new List<string>();
        foreach (var item in array.EnumerateArray())
        {
            texts.Add(item.ValueKind == JsonValueKind.String ? Text(item)! : throw new JsonException($"{item.ValueKind} in {name}."));
        }
        return texts;
    }

    /// <summary>A text; null for none.</summary>
    /// <exception cref="JsonException">It is no Unicode.</exception>
    public static string? Text(JsonElement? text)
    {
        try
        {
            return text?.GetString();
        }
        catch (InvalidOperationException invalid)
        {
            throw new JsonException("A text is no Unicode.", invalid);     // half a surrogate pair
        }
    }
}

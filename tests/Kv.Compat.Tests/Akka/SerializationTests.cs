using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Kv.Testing;
using Xunit;

namespace Kv.Compat.Tests.AkkaCore;

/// <summary>Serializers bound by HOCON.</summary>
public sealed class SerializationTests : PatientTestKit
{
    private static readonly Config Bound = ConfigurationFactory.ParseString($$"""
        akka.actor {
          serializers { words = "{{Name(typeof(WordSerializer))}}" }
          serialization-bindings { "{{Name(typeof(IWord))}}" = words }
          serialization-identifiers { "{{Name(typeof(WordSerializer))}}" = 9001 }
        }
        """);

    public SerializationTests()
        : base(Bound)
    {
    }

    private static string Name(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    public interface IWord;

    public sealed record Noun(string Text) : IWord;

    public sealed record Verb(string Text) : IWord;

    public sealed class WordSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public override string Manifest(object o) => o is Noun ? "n" : "v";

        public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes(obj switch
        {
            Noun n => n.Text,
            Verb v => v.Text,
            _ => throw new SerializationException($"not a word: {obj}"),
        });

        public override object FromBinary(byte[] bytes, string manifest) => manifest switch
        {
            "n" => new Noun(Encoding.UTF8.GetString(bytes)),
            "v" => new Verb(Encoding.UTF8.GetString(bytes)),
            _ => throw new SerializationException($"unknown manifest {manifest}"),
        };
    }

    [Fact]
    public void A_binding_to_an_interface_serves_its_classes()
    {
        var serializer = Sys.Serialization.FindSerializerFor(new Verb("go"));
        Assert.IsType<WordSerializer>(serializer);
        Assert.Equal(9001, serializer.Identifier);
        Assert.Equal("v", Serialization.ManifestFor(serializer, new Verb("go")));
        var bytes = Sys.Serialization.Serialize(new Verb("go"));
        Assert.Equal(new Verb("go"), Sys.Serialization.Deserialize(bytes, 9001, "v"));
    }

    [Fact]
    public void Bytes_and_primitives_have_serializers()
    {
        byte[] bytes = [1, 2, 3];
        var serializer = Sys.Serialization.FindSerializerFor(bytes);
        Assert.IsType<ByteArraySerializer>(serializer);
        Assert.Equal(4, serializer.Identifier);
        Assert.Same(bytes, serializer.ToBinary(bytes));
        foreach (var value in new object[] { "text", 42, 43L })
        {
            var found = Sys.Serialization.FindSerializerFor(value);
            Assert.Equal(value, Sys.Serialization.Deserialize(found.ToBinary(value), found.Identifier, Serialization.ManifestFor(found, value)));
        }
    }

    [Fact]
    public void An_unknown_number_is_refused() =>
        Assert.Throws<SerializationException>(() => Sys.Serialization.Deserialize([], 12345, ""));

    [Fact]
    public void A_ref_survives_its_text()
    {
        var path = Serialization.SerializedActorPath(TestActor);
        Assert.Equal(TestActor, Sys.Serialization.DeserializeActorRef(path));
    }
}

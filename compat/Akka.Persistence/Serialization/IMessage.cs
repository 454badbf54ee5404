namespace Akka.Persistence.Serialization;

/// <summary>Marks what the persistence serializer of the package may write.</summary>
public interface IMessage
{
}

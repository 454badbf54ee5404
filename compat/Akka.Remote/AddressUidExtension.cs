using System.Security.Cryptography;
using Akka.Actor;

namespace Akka.Remote;

/// <summary>Gives each incarnation of a system a number.</summary>
public class AddressUidExtension : ExtensionIdProvider<AddressUid>
{
    /// <inheritdoc/>
    public override AddressUid CreateExtension(ExtendedActorSystem system) => new();

    /// <summary>The number of a system.</summary>
    public static int Uid(ActorSystem system) => system.WithExtension<AddressUid, AddressUidExtension>().Uid;
}

/// <summary>A number that tells this incarnation of a system from earlier ones at the same address.</summary>
public class AddressUid : IExtension
{
    /// <summary>Random and not 0.</summary>
    public readonly int Uid = RandomNumberGenerator.GetInt32(1, int.MaxValue);
}

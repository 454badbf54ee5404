using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kv.Chaos;

/// <summary>Seeds of the clients of a round.</summary>
internal static class ClientSeed
{
    /// <summary>One that no other client has, of this round or of another: rounds have neighbouring seeds.</summary>
    /// <param name="round">The round's seed.</param>
    /// <param name="client">Its name.</param>
    public static int Of(int round, string client) =>
        BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{round} {client}"))) & int.MaxValue;
}

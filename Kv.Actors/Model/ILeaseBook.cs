namespace Kv.Actors.Model;

/// <summary>What applying a write needs to know of leases: which exist, and which keys hang on them.</summary>
public interface ILeaseBook
{
    /// <summary>Whether <paramref name="lease"/> was granted and not yet revoked. O(1).</summary>
    bool Contains(LeaseId lease);

    /// <summary>Hangs <paramref name="key"/> on <paramref name="lease"/>, which exists. Doing it twice changes nothing.</summary>
    void Attach(LeaseId lease, byte[] key);

    /// <summary>Takes <paramref name="key"/> off <paramref name="lease"/>; nothing happens when either is unknown.</summary>
    void Detach(LeaseId lease, byte[] key);
}

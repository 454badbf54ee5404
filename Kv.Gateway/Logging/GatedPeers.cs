using System.Text.RegularExpressions;

namespace Kv.Gateway.Logging;

/// <summary>Which addresses Akka.Remote cannot reach, as its log lines and events tell: so that the first line about one is logged, and not each.</summary>
/// <remarks>
/// It tries again at every message once its gate is open, and says so each time: several lines a second for each peer that is down,
/// for as long as it is. It has a few texts for this, all with the address and the words <c>gated for</c> or <c>gating instead for</c>:
/// <code>
///  Association with remote system [akka.tcp://kv@10.0.0.2:2380] has failed; address is now gated for [300] ms. Reason: […]
///  Tried to associate with unreachable remote address [akka.tcp://kv@10.0.0.2:2380]. Address is now gated for 300 ms, …
/// </code>
/// Not thread-safe.
/// </remarks>
internal sealed partial class GatedPeers
{
    /// <summary>Addresses remembered; beyond them every line is logged again.</summary>
    public const int MostAddresses = 1000;

    private readonly HashSet<string> _gated = new(StringComparer.Ordinal);

    /// <summary>Whether a line says that an address is unreachable which was so already.</summary>
    public bool IsRepeated(string text)
    {
        if (!text.Contains("gated for ", StringComparison.Ordinal) && !text.Contains("gating instead for ", StringComparison.Ordinal))
        {
            return false;
        }
        var address = AkkaAddress().Match(text);
        return address.Success && (_gated.Contains(address.Value) || (_gated.Count < MostAddresses && !_gated.Add(address.Value)));
    }

    /// <summary>There is a connection to this address; true when it was unreachable before.</summary>
    public bool IsBack(string address) => _gated.Remove(address);

    [GeneratedRegex(@"akka(\.\w+)*://[^\s\]]+", RegexOptions.CultureInvariant)]
    private static partial Regex AkkaAddress();
}

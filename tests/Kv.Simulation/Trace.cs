using System.Globalization;

namespace Kv.Simulation;

/// <summary>A readable history: a line for each thing of note, with the moment and the hash of all before it.</summary>
internal sealed class Trace(TextWriter output)
{
    private ulong _hash;

    /// <summary>Whose moments are written.</summary>
    public Timeline? Timeline { get; set; }

    /// <summary>The hash of what has happened so far.</summary>
    public void Hash(ulong hash) => _hash = hash;

    /// <summary>Writes a line.</summary>
    public void Write(string text) => output.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"{(Timeline?.Now ?? 0) / 1e7,12:F6} {_hash & 0xffffff:x6}  {text}"));
}

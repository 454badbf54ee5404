using System.Globalization;
using System.Text;
using Akka.Util;

namespace Akka.Actor;

/// <summary>The place of an actor in the tree: <c>akka://system/user/parent/child#uid</c>. The uid tells incarnations apart but is no part of equality.</summary>
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>, ISurrogated
{
    /// <summary>Symbols, beside letters and digits, that a name may hold.</summary>
    public const string ValidSymbols = "\"-_.*$+:@&=,!~';()";

    private readonly Address _address;
    private readonly ActorPath _parent;

    /// <summary>A root.</summary>
    protected ActorPath(Address address, string name)
    {
        _address = address;
        Name = name;
    }

    /// <summary>A child of <paramref name="parentPath"/>.</summary>
    protected ActorPath(ActorPath parentPath, string name, long uid)
    {
        _parent = parentPath;
        _address = parentPath._address;
        Name = name;
        Uid = uid;
        Depth = parentPath.Depth + 1;
    }

    /// <summary>The last element; empty for a root.</summary>
    public string Name { get; }

    /// <summary>Number of the incarnation; 0 when none is meant.</summary>
    public long Uid { get; }

    /// <summary>Elements below the root.</summary>
    public int Depth { get; }

    /// <summary>Where the system is.</summary>
    public Address Address => _address;

    /// <summary>The path above; a root is its own parent.</summary>
    public ActorPath Parent => _parent ?? this;

    /// <summary>The root of the tree.</summary>
    public ActorPath Root
    {
        get
        {
            var path = this;
            while (path._parent is not null) path = path._parent;
            return path;
        }
    }

    /// <summary>Names from the root down, without the root's empty one.</summary>
    public IReadOnlyList<string> Elements
    {
        get
        {
            if (_parent is null) return [""];
            var names = new string[Depth];
            for (var path = this; path._parent is not null; path = path._parent) names[path.Depth - 1] = path.Name;
            return names;
        }
    }

    /// <summary>The path of a child, which may end in <c>#uid</c>.</summary>
    public ActorPath Child(string childName)
    {
        var hash = childName.IndexOf('#', StringComparison.Ordinal);
        return hash < 0
            ? new ChildActorPath(this, childName, 0)
            : new ChildActorPath(this, childName[..hash], long.Parse(childName.AsSpan(hash + 1), CultureInfo.InvariantCulture));
    }

    /// <summary>Whether a name may be given to an actor.</summary>
    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$') return false;
        for (var i = 0; i < s.Length; i++)
        {
            if (char.IsAsciiLetterOrDigit(s[i]) || ValidSymbols.Contains(s[i], StringComparison.Ordinal)) continue;
            if (s[i] != '%' || i + 2 >= s.Length || !char.IsAsciiHexDigit(s[i + 1]) || !char.IsAsciiHexDigit(s[i + 2])) return false;
            i += 2;
        }

        return true;
    }

    /// <summary>Elements joined as a path.</summary>
    public static string FormatPathElements(IEnumerable<string> pathElements) => "/" + string.Join('/', pathElements);

    /// <summary>Reads a full path.</summary>
    /// <exception cref="UriFormatException">The text is not one.</exception>
    public static ActorPath Parse(string path) =>
        TryParse(path, out var result) ? result : throw new UriFormatException($"Can not parse an ActorPath: {path}");

    /// <summary>Reads a full path.</summary>
    public static bool TryParse(string path, out ActorPath actorPath)
    {
        actorPath = null;
        if (!Address.TryParse(path, out var address, out var rest)) return false;
        ActorPath found = new RootActorPath(address);
        foreach (var element in rest.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var hash = element.IndexOf('#', StringComparison.Ordinal);
            var uid = 0L;
            if (hash >= 0 && !long.TryParse(element.AsSpan(hash + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out uid)) return false;
            found = new ChildActorPath(found, hash < 0 ? element : element[..hash], uid);
        }

        actorPath = found;
        return true;
    }

    /// <summary>The path above by <paramref name="depth"/> elements counted from the root.</summary>
    public ActorPath ParentOf(int depth)
    {
        var path = this;
        if (depth < 0) depth = Depth + depth;
        while (path.Depth > depth) path = path._parent;
        return path;
    }

    /// <summary>The same path of another incarnation.</summary>
    public ActorPath WithUid(long uid) => _parent is null || uid == Uid ? this : new ChildActorPath(_parent, Name, uid);

    /// <summary>The path from the root, without address.</summary>
    public string ToStringWithoutAddress()
    {
        if (_parent is null) return "/";
        var text = new StringBuilder(32);
        Append(text);
        return text.ToString();
    }

    private void Append(StringBuilder text)
    {
        if (_parent is null) return;
        _parent.Append(text);
        text.Append('/').Append(Name);
    }

    /// <summary>With the address.</summary>
    public string ToStringWithAddress() => ToStringWithAddress(_address);

    /// <summary>With the address, or with <paramref name="address"/> where ours is local.</summary>
    public string ToStringWithAddress(Address address) =>
        (_address.HasGlobalScope ? _address : address) + ToStringWithoutAddress();

    /// <summary>With address and uid.</summary>
    public string ToStringWithUid() => AppendUid(ToStringWithAddress());

    /// <summary>The form that identifies an incarnation.</summary>
    public string ToSerializationFormat() => AppendUid(ToStringWithAddress());

    /// <summary>The same, as seen from outside.</summary>
    public string ToSerializationFormatWithAddress(Address address) => AppendUid(ToStringWithAddress(address));

    private string AppendUid(string text) =>
        Uid == 0 ? text : text + "#" + Uid.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string ToString() => ToStringWithAddress();

    /// <inheritdoc/>
    public int CompareTo(ActorPath other)
    {
        if (other is null) return 1;
        var order = _address.CompareTo(other._address);
        return order != 0 ? order : string.CompareOrdinal(ToStringWithoutAddress(), other.ToStringWithoutAddress());
    }

    /// <inheritdoc/>
    public bool Equals(ActorPath other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || Depth != other.Depth || !_address.Equals(other._address)) return false;
        ActorPath a = this, b = other;
        while (a._parent is not null)
        {
            if (a.Name != b.Name) return false;
            a = a._parent;
            b = b._parent;
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object obj) => obj is ActorPath other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = _address.GetHashCode();
        for (var path = this; path._parent is not null; path = path._parent) hash = (hash * 31) + path.Name.GetHashCode(StringComparison.Ordinal);
        return hash;
    }

    /// <inheritdoc/>
    public ISurrogate ToSurrogate(ActorSystem system) => new Surrogate(ToSerializationFormat());

    /// <summary>A child.</summary>
    public static ActorPath operator /(ActorPath path, string name) => path.Child(name);

    /// <summary>A descendant.</summary>
    public static ActorPath operator /(ActorPath path, IEnumerable<string> name) => name.Aggregate(path, static (p, n) => p.Child(n));

    /// <summary>Whether both are the same place, whatever the incarnation.</summary>
    public static bool operator ==(ActorPath left, ActorPath right) => Equals(left, right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(ActorPath left, ActorPath right) => !Equals(left, right);

    /// <summary>The form of a path that travels.</summary>
    public sealed class Surrogate : ISurrogate
    {
        /// <summary>From the path as text.</summary>
        public Surrogate(string path) => Path = path;

        /// <summary>The path as text.</summary>
        public string Path { get; }

        /// <inheritdoc/>
        public ISurrogated FromSurrogate(ActorSystem system) => TryParse(Path, out var path) ? path : null;
    }
}

/// <summary>The top of a tree.</summary>
public sealed class RootActorPath : ActorPath
{
    /// <summary>At an address.</summary>
    public RootActorPath(Address address, string name = "")
        : base(address, name)
    {
    }
}

/// <summary>A path below another.</summary>
public sealed class ChildActorPath : ActorPath
{
    /// <summary>Below <paramref name="parentPath"/>.</summary>
    public ChildActorPath(ActorPath parentPath, string name, long uid)
        : base(parentPath, name, uid)
    {
    }
}

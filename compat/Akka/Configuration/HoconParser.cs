using System.Text;

namespace Akka.Configuration.Hocon;

/// <summary>Reads the subset of HOCON that Akka.NET's own parser reads.</summary>
/// <remarks>
/// Not in it: optional substitutions <c>${?x}</c>, <c>+=</c>, and a comma straight after the <c>}</c> of <c>key { … }</c>. A substitution is
/// looked up in the same text only. <c>include "name"</c> asks the caller.
/// </remarks>
internal sealed class Parser(string text, Func<string, HoconRoot> includeCallback)
{
    private const string NotInUnquotedKey = "$\"{}[]:=,#`^?!@*&\\.";
    private const string NotInUnquotedText = "$\"{}[]:=,#`^?!@*&\\";

    private readonly List<HoconSubstitution> _substitutions = [];
    private int _at;

    private bool AtEnd => _at >= text.Length;

    private char Peek => AtEnd ? '\0' : text[_at];

    internal HoconRoot Parse()
    {
        var root = new HoconValue();
        SkipBlank();
        var braced = Peek == '{';
        if (braced) _at++;
        ParseMembers(root, "", closing: braced);
        SkipBlank();
        if (!AtEnd) throw Malformed("Unknown token");
        foreach (var substitution in _substitutions)
        {
            HoconValue found = root;
            foreach (var key in substitution.Path.Split('.'))
            {
                found = found?.GetChildObject(key);
            }

            substitution.ResolvedValue = found ?? throw new FormatException($"Unresolved substitution: {substitution.Path}");
        }

        return new HoconRoot(root, _substitutions);
    }

    private void ParseMembers(HoconValue owner, string path, bool closing)
    {
        if (!owner.IsObject()) owner.NewValue(new HoconObject());
        var members = owner.Values.Find(static v => v is HoconObject) as HoconObject;
        if (members is null)
        {
            members = new HoconObject();   // members on top of an object that is substituted
            owner.AppendValue(members);
        }

        while (true)
        {
            SkipBlank();
            if (AtEnd)
            {
                if (closing) throw Malformed("Expected '}'");
                return;
            }

            if (Peek == '}')
            {
                if (!closing) throw Malformed("Unexpected '}'");
                _at++;
                return;
            }

            if (IsInclude())
            {
                Include(members, path);
                continue;
            }

            ParseMember(members, path);
        }
    }

    private void Include(HoconObject members, string path)
    {
        var name = PullQuoted();
        var included = includeCallback(name) ?? throw new FormatException($"Nothing to include for \"{name}\"");
        foreach (var substitution in included.Substitutions)
        {
            if (path.Length > 0) substitution.Path = path + "." + substitution.Path;
            _substitutions.Add(substitution);
        }

        if (included.Value.GetObject() is { } other) members.Merge(other);
    }

    private bool IsInclude()
    {
        const string word = "include";
        if (string.CompareOrdinal(text, _at, word, 0, word.Length) != 0) return false;
        var start = _at;
        _at += word.Length;
        if (!AtEnd && char.IsWhiteSpace(Peek))
        {
            SkipBlank();
            if (Peek == '"') return true;
        }

        _at = start;
        return false;
    }

    private void ParseMember(HoconObject members, string path)
    {
        var key = PullKey();
        var value = members.GetOrCreateKey(key);
        var inner = path.Length == 0 ? key : path + "." + key;
        SkipBlank();
        switch (Peek)
        {
            case '.':
                _at++;
                SkipBlank();
                if (!value.IsObject()) value.NewValue(new HoconObject());
                ParseMember(value.GetObject(), inner);
                break;
            case '{':
                _at++;
                ParseMembers(value, inner, closing: true);
                break;
            case '=' or ':':
                _at++;
                if (!value.IsObject()) value.Clear();
                ParseValue(value, inner);
                break;
            default:
                throw Malformed($"Expected '=', ':' or '{{' after key '{key}'");
        }
    }

    private string PullKey()
    {
        if (Peek == '"') return PullQuoted();
        var start = _at;
        while (!AtEnd && !IsComment() && !NotInUnquotedKey.Contains(Peek, StringComparison.Ordinal) && Peek is not ('\n' or '\r')) _at++;
        var key = text[start.._at].Trim();
        return key.Length > 0 ? key : throw Malformed("Unknown token");
    }

    private void ParseValue(HoconValue owner, string path)
    {
        SkipBlank();
        if (AtEnd) throw Malformed("End of file reached while trying to read a value");
        while (IsValue())
        {
            switch (Peek)
            {
                case '{':
                    _at++;
                    ParseMembers(owner, path, closing: true);
                    break;
                case '[':
                    if (owner.IsObject()) owner.Clear();
                    owner.AppendValue(ParseArray(path));
                    break;
                case '$':
                    owner.AppendValue(PullSubstitution());
                    break;
                default:
                    if (owner.Values.Exists(static v => v is HoconObject)) owner.Clear();
                    owner.AppendValue(new HoconLiteral { Value = Peek == '"' ? PullQuoted() : PullUnquoted() });
                    break;
            }

            var start = _at;
            while (Peek is ' ' or '\t') _at++;
            if (_at > start && IsValue() && owner.Values[^1] is HoconLiteral or HoconSubstitution)
                owner.AppendValue(new HoconLiteral { Value = text[start.._at] });
        }

        if (Peek == ',') _at++;
    }

    private HoconArray ParseArray(string path)
    {
        _at++;
        var array = new HoconArray();
        while (true)
        {
            SkipBlank();
            if (AtEnd) throw Malformed("Expected ']'");
            if (Peek == ']')
            {
                _at++;
                return array;
            }

            var item = new HoconValue();
            var before = _at;
            ParseValue(item, path);
            if (_at == before) throw Malformed("Expected a value");
            array.Add(item);
        }
    }

    private HoconSubstitution PullSubstitution()
    {
        _at += 2;
        var start = _at;
        while (!AtEnd && IsUnquoted()) _at++;
        var path = text[start.._at];
        if (path.Length == 0 || Peek != '}') throw Malformed("Expected a path and '}' in a substitution");
        _at++;
        var substitution = new HoconSubstitution(path);
        _substitutions.Add(substitution);
        return substitution;
    }

    private bool IsValue() => !AtEnd && (Peek is '{' or '[' or '"' || IsSubstitution() || IsUnquoted());

    private bool IsSubstitution() => Peek == '$' && _at + 1 < text.Length && text[_at + 1] == '{';

    private bool IsUnquoted() => !AtEnd && !char.IsWhiteSpace(Peek) && !IsComment() && !NotInUnquotedText.Contains(Peek, StringComparison.Ordinal);

    private string PullUnquoted()
    {
        var start = _at;
        while (IsUnquoted()) _at++;
        return text[start.._at];
    }

    private string PullQuoted()
    {
        if (string.CompareOrdinal(text, _at, "\"\"\"", 0, 3) == 0)
        {
            var end = text.IndexOf("\"\"\"", _at + 3, StringComparison.Ordinal);
            if (end < 0) throw Malformed("Expected '\"\"\"'");
            var raw = text[(_at + 3)..end];
            _at = end + 3;
            return raw;
        }

        var result = new StringBuilder();
        for (_at++; ; _at++)
        {
            if (AtEnd) throw Malformed("Expected '\"'");
            if (Peek == '"') break;
            if (Peek != '\\')
            {
                result.Append(Peek);
                continue;
            }

            _at++;
            result.Append(Peek switch
            {
                '"' => '"',
                '\\' => '\\',
                '/' => '/',
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' when _at + 4 < text.Length => (char)Convert.ToInt32(text.Substring((_at += 4) - 3, 4), 16),
                _ => throw Malformed("Unknown escape code"),
            });
        }

        _at++;
        return result.ToString();
    }

    private bool IsComment() => Peek == '#' || (Peek == '/' && _at + 1 < text.Length && text[_at + 1] == '/');

    private void SkipBlank()
    {
        while (!AtEnd)
        {
            if (char.IsWhiteSpace(Peek) || Peek == '\uFEFF')
            {
                _at++;
            }
            else if (IsComment())
            {
                while (!AtEnd && Peek != '\n') _at++;
            }
            else
            {
                return;
            }
        }
    }

    private FormatException Malformed(string what)
    {
        var line = 1;
        for (var i = 0; i < Math.Min(_at, text.Length); i++)
            if (text[i] == '\n') line++;
        return new FormatException($"{what} at position {_at}, line {line}: \n{text.Split('\n')[Math.Min(line, text.Split('\n').Length) - 1]}");
    }
}

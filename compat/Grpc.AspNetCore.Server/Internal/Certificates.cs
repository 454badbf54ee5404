using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>What a client certificate proves, under the names that gRPC's core library uses.</summary>
internal static class Certificates
{
    private const string AlternativeName = "x509_subject_alternative_name";
    private const string CommonName = "x509_common_name";

    private static readonly AuthContext s_none = new(null, []);

    /// <summary>The DNS names and the common name; the first kind there is, is the identity.</summary>
    public static AuthContext Describe(X509Certificate2? certificate)
    {
        if (certificate is null) return s_none;
        var properties = new Dictionary<string, List<AuthProperty>>(StringComparer.Ordinal);
        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            foreach (var name in extension.EnumerateDnsNames()) Add(properties, AlternativeName, name);
        }

        if (certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } common) Add(properties, CommonName, common);
        var identity = properties.ContainsKey(AlternativeName) ? AlternativeName : properties.ContainsKey(CommonName) ? CommonName : null;
        return new AuthContext(identity, properties);
    }

    private static void Add(Dictionary<string, List<AuthProperty>> properties, string key, string value)
    {
        if (!properties.TryGetValue(key, out var list)) properties[key] = list = [];
        list.Add(AuthProperty.Create(key, Encoding.UTF8.GetBytes(value)));
    }
}

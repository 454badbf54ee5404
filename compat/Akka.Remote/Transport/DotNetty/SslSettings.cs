using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Remote.Transport.DotNetty;

/// <summary>TLS as set, in code or in the <c>ssl</c> section.</summary>
internal static class SslSettings
{
    /// <exception cref="ConfigurationException">There is no certificate with a private key.</exception>
    public static DotNettySslSetup Create(ActorSystem system, Config tcp)
    {
        var given = system.Settings.Setup.Get<DotNettySslSetup>();
        var setup = given.HasValue ? given.Value : FromSection(tcp.GetConfig("ssl"));
        if (!setup.Certificate.HasPrivateKey)
            throw new ConfigurationException("SSL certificate does not have a private key. Ensure certificate is installed with private key permissions.");
        return setup;
    }

    private static DotNettySslSetup FromSection(Config ssl)
    {
        if (ssl.IsNullOrEmpty()) throw ConfigurationException.NullOrEmptyConfig<DotNettySslSetup>("akka.remote.dot-netty.tcp.ssl");
        var suppress = ssl.GetBoolean("suppress-validation");
        return new DotNettySslSetup(
            ssl.GetBoolean("certificate.use-thumbprint-over-file") ? FromStore(ssl, suppress) : FromFile(ssl),
            suppress,
            ssl.GetBoolean("require-mutual-authentication", true),
            ssl.GetBoolean("validate-certificate-hostname"));
    }

    private static X509Certificate2 FromFile(Config ssl)
    {
        var path = ssl.GetString("certificate.path");
        if (string.IsNullOrEmpty(path)) throw new ConfigurationException("Path to SSL certificate was not found (akka.remote.dot-netty.tcp.ssl.certificate.path)");
        var flags = ssl.GetStringList("certificate.flags").Aggregate(X509KeyStorageFlags.DefaultKeySet, static (all, one) => all | Flag(one));
        return X509CertificateLoader.LoadPkcs12FromFile(path, ssl.GetString("certificate.password"), flags);
    }

    private static X509Certificate2 FromStore(Config ssl, bool suppressValidation)
    {
        var thumbprint = ssl.GetString("certificate.thumbprint");
        if (string.IsNullOrWhiteSpace(thumbprint)) throw new ConfigurationException("akka.remote.dot-netty.tcp.ssl.certificate.use-thumbprint-over-file is on, but certificate.thumbprint is empty");
        var location = ssl.GetString("certificate.store-location") switch
        {
            "local-machine" => StoreLocation.LocalMachine,
            "current-user" => StoreLocation.CurrentUser,
            var other => throw new ConfigurationException($"Unrecognized certificate.store-location [{other}]; it is local-machine or current-user"),
        };
        using var store = new X509Store(ssl.GetString("certificate.store-name"), location);
        store.Open(OpenFlags.ReadOnly);
        var found = store.Certificates.Find(X509FindType.FindByThumbprint, thumbprint, validOnly: !suppressValidation);
        return found.Count > 0 ? found[0] : throw new ConfigurationException($"No valid certificate with thumbprint [{thumbprint}] in store [{ssl.GetString("certificate.store-name")}]");
    }

    private static X509KeyStorageFlags Flag(string name) => name switch
    {
        "default-key-set" => X509KeyStorageFlags.DefaultKeySet,
        "exportable" => X509KeyStorageFlags.Exportable,
        "machine-key-set" => X509KeyStorageFlags.MachineKeySet,
        "persist-key-set" => X509KeyStorageFlags.PersistKeySet,
        "user-key-set" => X509KeyStorageFlags.UserKeySet,
        "user-protected" => X509KeyStorageFlags.UserProtected,
        _ => throw new ConfigurationException($"Unrecognized flag [{name}] in certificate.flags"),
    };
}

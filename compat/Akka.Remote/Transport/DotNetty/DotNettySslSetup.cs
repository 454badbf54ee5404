using System.Security.Cryptography.X509Certificates;
using Akka.Actor.Setup;

namespace Akka.Remote.Transport.DotNetty;

/// <summary>TLS given in code. It stands in for the <c>ssl</c> section; <c>enable-ssl</c> must be on in either case.</summary>
public sealed class DotNettySslSetup : Setup
{
    /// <summary>Peers must show certificates; names do not matter.</summary>
    public DotNettySslSetup(X509Certificate2 certificate, bool suppressValidation)
        : this(certificate, suppressValidation, requireMutualAuthentication: true, validateCertificateHostname: false, customValidator: null)
    {
    }

    /// <summary>Names do not matter.</summary>
    public DotNettySslSetup(X509Certificate2 certificate, bool suppressValidation, bool requireMutualAuthentication)
        : this(certificate, suppressValidation, requireMutualAuthentication, validateCertificateHostname: false, customValidator: null)
    {
    }

    /// <summary>By flags alone.</summary>
    public DotNettySslSetup(X509Certificate2 certificate, bool suppressValidation, bool requireMutualAuthentication, bool validateCertificateHostname)
        : this(certificate, suppressValidation, requireMutualAuthentication, validateCertificateHostname, customValidator: null)
    {
    }

    /// <summary>With a callback that decides.</summary>
    public DotNettySslSetup(X509Certificate2 certificate, bool suppressValidation, bool requireMutualAuthentication, CertificateValidationCallback customValidator)
        : this(certificate, suppressValidation, requireMutualAuthentication, validateCertificateHostname: false, customValidator)
    {
    }

    /// <summary>With everything; a callback decides instead of the flags.</summary>
    public DotNettySslSetup(X509Certificate2 certificate, bool suppressValidation, bool requireMutualAuthentication, bool validateCertificateHostname, CertificateValidationCallback customValidator)
    {
        Certificate = certificate;
        SuppressValidation = suppressValidation;
        RequireMutualAuthentication = requireMutualAuthentication;
        ValidateCertificateHostname = validateCertificateHostname;
        CustomValidator = customValidator;
    }

    /// <summary>Ours, with its private key. Fixed for the system's life.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Takes certificates of any authority.</summary>
    public bool SuppressValidation { get; }

    /// <summary>Whether a peer that connects must show a certificate as well.</summary>
    public bool RequireMutualAuthentication { get; }

    /// <summary>Whether the certificate of the peer connected to must name its host.</summary>
    public bool ValidateCertificateHostname { get; }

    /// <summary>Decides instead of the flags, if given.</summary>
    public CertificateValidationCallback CustomValidator { get; }
}

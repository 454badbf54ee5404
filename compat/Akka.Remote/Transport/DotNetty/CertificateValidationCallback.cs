using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;

namespace Akka.Remote.Transport.DotNetty;

/// <summary>Decides whether a peer's certificate will do; asked at each TLS handshake, on both sides.</summary>
/// <param name="certificate">The peer's, or null.</param>
/// <param name="chain">As built from the system's authorities.</param>
/// <param name="remotePeer">The address connected to, or where the connection came from.</param>
/// <param name="errors">What the system found wrong.</param>
/// <param name="log">Where to say why not.</param>
public delegate bool CertificateValidationCallback(X509Certificate2 certificate, X509Chain chain, string remotePeer, SslPolicyErrors errors, ILoggingAdapter log);

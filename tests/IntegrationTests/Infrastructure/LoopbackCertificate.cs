using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure.Core.Pipeline;

namespace IntegrationTests.Infrastructure;

/// <summary>A certificate of 127.0.0.1 that its own key signs; whoever is to trust it is told so, as by <c>SSL_CERT_FILE</c>.</summary>
internal sealed class LoopbackCertificate : IDisposable
{
    private readonly TestDirectory _folder = new();
    private readonly HttpClientHandler _handler;

    public LoopbackCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        System.IO.File.WriteAllText(File, certificate.ExportCertificatePem());
        System.IO.File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        var thumbprint = certificate.Thumbprint;
        _handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == thumbprint };
        Transport = new HttpClientTransport(_handler);
    }

    /// <summary>The certificate, as PEM.</summary>
    public string File => _folder.File("certificate.pem");

    public string KeyFile => _folder.File("key.pem");

    /// <summary>The way of Azure's clients to a server that shows this certificate, and to no other.</summary>
    public HttpPipelineTransport Transport { get; }

    public void Dispose()
    {
        _handler.Dispose();
        _folder.Dispose();
    }
}

using Microsoft.Extensions.Configuration;
using OrleansInference.Api;
using OrleansInference.Api.Security;
using OrleansInference.Grains;

namespace UnitTests.Api;

public sealed class ListenAddressesTests
{
    private static readonly ApiAccess LocalOnly = new(ApiKey: null, AllowAnonymous: false);
    private static readonly ApiAccess WithKey = new(ApiKey: "key", AllowAnonymous: false);
    private static readonly ApiAccess Anonymous = new(ApiKey: null, AllowAnonymous: true);

    [Theory]
    [InlineData(null, "127.0.0.1:8080")]
    [InlineData("", "127.0.0.1:8080")]
    [InlineData("http://127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("http://127.0.0.2:9000/", "127.0.0.2:9000")]
    [InlineData("http://localhost:9000", "127.0.0.1:9000")]
    [InlineData("http://127.0.0.1", "127.0.0.1:80")]
    [InlineData("http://[::1]:9000", "[::1]:9000")]
    [InlineData("http://127.0.0.1:9000; http://[::1]:9001;", "127.0.0.1:9000 [::1]:9001")]
    public void Read_LocalAddresses_AreTaken(string? urls, string expected) =>
        Assert.Equal(expected, string.Join(' ', Read(urls, LocalOnly)));

    [Theory]
    [InlineData("http://0.0.0.0:8080", "0.0.0.0:8080")]
    [InlineData("http://[::]:8080", "[::]:8080")]
    [InlineData("http://192.0.2.1:8080", "192.0.2.1:8080")]
    public void Read_OpenAddress_NeedsAKeyOrLeave(string urls, string expected)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Read(urls, LocalOnly));

        Assert.Contains($"'{urls}', which others can reach", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Inference:Security:ApiKey", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Inference:Security:AllowAnonymous=true", fault.Message, StringComparison.Ordinal);
        Assert.Equal(expected, Assert.Single(Read(urls, WithKey)));
        Assert.Equal(expected, Assert.Single(Read(urls, Anonymous)));
    }

    [Fact]
    public void Read_OneOfSeveralIsOpen_IsRefused() =>
        Assert.Throws<InferenceStartupException>(() => Read("http://127.0.0.1:8080;http://0.0.0.0:8081", LocalOnly));

    [Theory]
    [InlineData("https://127.0.0.1:8443", "reverse proxy")]
    [InlineData("http://example.com:8080", "no IP address")]
    [InlineData("http://*:8080", "http://ADDRESS:PORT")]
    [InlineData("http://+:8080", "http://ADDRESS:PORT")]
    [InlineData("http://127.0.0.1:8080/api", "http://ADDRESS:PORT")]
    [InlineData("http://127.0.0.1:8080/?x=1", "http://ADDRESS:PORT")]
    [InlineData("http://me@127.0.0.1:8080", "http://ADDRESS:PORT")]
    [InlineData("http://127.0.0.1:80800", "http://ADDRESS:PORT")]
    [InlineData("127.0.0.1:8080", "http://ADDRESS:PORT")]
    [InlineData("8080", "http://ADDRESS:PORT")]
    [InlineData("/var/run/api.sock", "http://ADDRESS:PORT")]
    [InlineData(";", "http://ADDRESS:PORT")]
    [InlineData(" ", "http://ADDRESS:PORT")]
    public void Read_BadUrl_SaysWhatToWrite(string urls, string remedy)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Read(urls, Anonymous));

        Assert.Contains($"--urls holds '{urls}'", fault.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_KestrelEndpointsBesides_AreRefused()
    {
        var configuration = Configure(("Kestrel:Endpoints:Open:Url", "http://0.0.0.0:9000"));

        var fault = Assert.Throws<InferenceStartupException>(() => ListenAddresses.Read(configuration, LocalOnly));

        Assert.Contains("Kestrel:Endpoints", fault.Message, StringComparison.Ordinal);
        Assert.Contains("--urls", fault.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Read(string? urls, ApiAccess access) =>
        ListenAddresses.Read(Configure(("urls", urls)), access).Select(address => address.ToString());

    private static IConfiguration Configure(params (string Key, string? Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value))).Build();
}

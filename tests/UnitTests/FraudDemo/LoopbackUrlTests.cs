using System.Net;
using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class LoopbackUrlTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8091", "127.0.0.1:8091")]
    [InlineData("http://localhost:0/", "127.0.0.1:0")]
    [InlineData("http://[::1]:8091", "[::1]:8091")]
    public void Parse_LoopbackAddress_IsItsEndpoint(string url, string endpoint)
        => Assert.Equal(IPEndPoint.Parse(endpoint), LoopbackUrl.Parse(url));

    [Theory]
    [InlineData("http://0.0.0.0:8091", "not a loopback address")]
    [InlineData("http://192.168.1.5:8091", "not a loopback address")]
    [InlineData("http://example.com:8091", "not a loopback address")]
    [InlineData("http://localhost.example.com:8091", "not a loopback address")]
    [InlineData("https://127.0.0.1:8091", "not of the form")]
    [InlineData("http://127.0.0.1:8091/path", "not of the form")]
    [InlineData("http://127.0.0.1:8091;http://127.0.0.1:8092", "not of the form")]
    [InlineData("8091", "not of the form")]
    public void Parse_AnythingElse_IsRefusedWithItsValue(string url, string fault)
    {
        var exception = Assert.Throws<ArgumentException>(() => LoopbackUrl.Parse(url));

        Assert.Contains($"'{url}' is {fault}", exception.Message, StringComparison.Ordinal);
    }
}

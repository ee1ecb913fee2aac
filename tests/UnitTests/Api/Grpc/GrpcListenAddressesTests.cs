using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using OrleansInference.Api.Grpc;
using OrleansInference.Grains;

namespace UnitTests.Api.Grpc;

public sealed class GrpcListenAddressesTests
{
    [Theory]
    [InlineData("127.0.0.1:8080", "127.0.0.1:0")]
    [InlineData("127.0.0.1:8080 127.0.0.1:8082", "127.0.0.1:0")]
    [InlineData("127.0.0.1:8080 127.0.0.2:8080", "127.0.0.1:0 127.0.0.2:0")]
    [InlineData("127.0.0.1:8080 0.0.0.0:8090", "0.0.0.0:0")]
    [InlineData("0.0.0.0:8080 [::1]:8080", "0.0.0.0:0 [::1]:0")]
    [InlineData("[::]:8080 127.0.0.1:8090", "[::]:0")]
    public void Find_AddressesOfRest_AreTakenEachOnce(string rest, string expected) =>
        Assert.Equal(expected, string.Join(' ', Find("0", rest)));

    [Fact]
    public void Find_Off_IsNone() => Assert.Empty(Find("-1", "127.0.0.1:8080"));

    [Theory]
    [InlineData("-2")]
    [InlineData("65536")]
    public void Find_NoPort_NamesTheSetting(string port)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Find(port, "127.0.0.1:8080"));

        Assert.StartsWith($"Inference:Grpc:Port is {port}, which is no port.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_PortOfRest_IsRefused()
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Find("8080", "127.0.0.1:8080"));

        Assert.Equal("Inference:Grpc:Port is 8080, which --urls has taken for REST. Set another one.", fault.Message);
    }

    [Fact]
    public void Find_PortTaken_NamesTheRemedy()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        var fault = Assert.Throws<InferenceStartupException>(() => Find($"{port}", "127.0.0.1:0"));

        Assert.StartsWith($"Inference:Grpc:Port is {port}, but 'http://127.0.0.1:{port}' cannot be taken", fault.Message, StringComparison.Ordinal);
        Assert.Contains("0 for a free one, or -1 for no gRPC", fault.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<IPEndPoint> Find(string port, string rest) => GrpcListenAddresses.Find(
        new ConfigurationBuilder().AddInMemoryCollection([new("Inference:Grpc:Port", port)]).Build(),
        [.. rest.Split(' ').Select(IPEndPoint.Parse)]);
}

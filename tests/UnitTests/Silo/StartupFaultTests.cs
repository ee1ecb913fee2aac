using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Silo;

namespace UnitTests.Silo;

public sealed class StartupFaultTests
{
    [Fact]
    public void Describe_StartupException_IsItsMessage() => Assert.Equal("no model", StartupFault.Describe(new InferenceStartupException("no model")));

    [Fact]
    public void Describe_Options_AreAllTheirFaults() => Assert.Equal(
        $"a is odd{Environment.NewLine}b is even", StartupFault.Describe(new OptionsValidationException("x", typeof(object), ["a is odd", "b is even"])));

    [Fact]
    public void Describe_Wrapped_IsFoundInside() => Assert.Equal(
        "no model", StartupFault.Describe(new AggregateException(new InvalidOperationException("outer", new InferenceStartupException("no model")))));

    [Fact]
    public void Describe_AddressTaken_SaysHowToSetAnother() => Assert.Equal(
        "Failed to bind to address http://127.0.0.1:8080: address already in use. Stop the program that uses it, or set --urls to another address.",
        StartupFault.Describe(new IOException("Failed to bind to address http://127.0.0.1:8080: address already in use.", new InvalidOperationException())));

    [Fact]
    public void Describe_SilosPortTakenSinceItWasFound_SaysWhatToSet() => Assert.Equal(
        "Address already in use: a port that was free when the program looked has been taken since. Start it again, or set Inference:Silo:Port and Inference:Silo:GatewayPort.",
        StartupFault.Describe(new AddressInUseException("Address already in use", new SocketException())));

    [Fact]
    public void Describe_Defect_IsNull() => Assert.Null(StartupFault.Describe(new InvalidOperationException("bug", new FormatException())));

    [Fact]
    public async Task RunAsync_ProgramEnds_IsZero() => Assert.Equal(0, await StartupFault.RunAsync(() => Task.CompletedTask));

    [Fact]
    public async Task RunAsync_StartupFault_IsOne() => Assert.Equal(1, await StartupFault.RunAsync(() => throw new InferenceStartupException("no model")));

    [Fact]
    public async Task RunAsync_Defect_IsThrownWithItsStack() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => StartupFault.RunAsync(() => throw new InvalidOperationException()));
}

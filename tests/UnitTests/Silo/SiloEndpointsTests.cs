using System.Net;
using Microsoft.Extensions.Configuration;
using Orleans.Configuration;
using OrleansInference.Grains;
using OrleansInference.Silo;

namespace UnitTests.Silo;

/// <summary>Where a silo listens: loopback, unless something else is set explicitly.</summary>
public sealed class SiloEndpointsTests
{
    [Fact]
    public void Find_NothingSaid_IsLoopbackOnFreePorts()
    {
        var cluster = Find(InferenceMode.Cluster);
        var embedded = Find(InferenceMode.Embedded);

        Assert.Equal((IPAddress.Loopback, IPAddress.Loopback), (cluster.Advertised, cluster.Listening));
        Assert.True(cluster.Ports.Port > 0 && cluster.Ports.GatewayPort > 0 && cluster.Ports.Port != cluster.Ports.GatewayPort);
        Assert.Equal(0, embedded.Ports.GatewayPort);
    }

    [Theory]
    [InlineData("AdvertisedAddress", "10.0.0.4")]
    [InlineData("ListenAddress", "0.0.0.0")]
    public void Find_BeyondLoopback_IsRefusedWithWhatToSay(string setting, string address)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Find(InferenceMode.Cluster, (setting, address)));

        Assert.StartsWith($"Inference:Silo:{setting} is {address}, which others can reach", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Inference:Silo:AllowOtherAddresses=true", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_BeyondLoopbackSaidAloud_ListensThereAndAdvertisesTheOther()
    {
        var found = Find(InferenceMode.Cluster, ("AdvertisedAddress", "10.0.0.4"), ("ListenAddress", "0.0.0.0"), ("AllowOtherAddresses", "true"));
        var options = new EndpointOptions();
        found.Apply(options);

        Assert.Equal("10.0.0.4", options.AdvertisedIPAddress.ToString());
        Assert.Equal(new IPEndPoint(IPAddress.Any, found.Ports.Port), options.SiloListeningEndpoint);
        Assert.Equal(new IPEndPoint(IPAddress.Any, found.Ports.GatewayPort), options.GatewayListeningEndpoint);
    }

    [Theory]
    [InlineData("AdvertisedAddress", "silo-1", "Inference:Silo:AdvertisedAddress is 'silo-1', which is no IP address.")]
    [InlineData("AdvertisedAddress", "0.0.0.0", "Inference:Silo:AdvertisedAddress is 0.0.0.0, which nobody can call.")]
    [InlineData("Port", "70000", "Inference:Silo:Port is 70000, which is no port.")]
    [InlineData("Prot", "1", "Inference:Silo: ")]
    public void Find_WhatCannotBe_IsNamed(string setting, string value, string expected)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Find(InferenceMode.Cluster, (setting, value), ("AllowOtherAddresses", "true")));

        Assert.StartsWith(expected, fault.Message, StringComparison.Ordinal);
    }

    private static SiloEndpoints Find(InferenceMode mode, params (string Setting, string Value)[] settings) =>
        SiloEndpoints.Find(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(one => KeyValuePair.Create($"Inference:Silo:{one.Setting}", (string?)one.Value))).Build(), mode);
}

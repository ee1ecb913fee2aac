using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Silo;

namespace UnitTests.Silo;

public sealed class InferenceModesTests
{
    [Theory]
    [InlineData(null, InferenceMode.Embedded)]
    [InlineData("", InferenceMode.Embedded)]
    [InlineData("cluster", InferenceMode.Cluster)]
    [InlineData("Client", InferenceMode.Client)]
    public void Read_Known_IsTheMode(string? written, InferenceMode expected) => Assert.Equal(expected, InferenceModes.Read(Configuration(written)));

    [Theory]
    [InlineData("Silo")]
    [InlineData("1")]
    public void Read_Unknown_NamesSettingValueAndModes(string written)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => InferenceModes.Read(Configuration(written)));

        Assert.Equal($"Inference:Mode is '{written}'. Set it to Embedded, Cluster, Client.", fault.Message);
    }

    private static IConfiguration Configuration(string? mode) => new ConfigurationBuilder().AddInMemoryCollection([new("Inference:Mode", mode)]).Build();
}

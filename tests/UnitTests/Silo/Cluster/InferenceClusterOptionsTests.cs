using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Silo.Cluster;

namespace UnitTests.Silo.Cluster;

public sealed class InferenceClusterOptionsTests
{
    [Fact]
    public void Read_OnlyRedisSaid_HasTheTunedDefaults()
    {
        var options = Read(("Redis", "redis:6379"));

        Assert.Equal((TimeSpan.FromSeconds(1), 2, "orleans-inference"), (options.ProbeTimeout, options.NumMissedProbesLimit, options.ServiceId));
    }

    [Fact]
    public void Read_ManyFaults_NamesEachWithItsValueAndTheRemedy()
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Read(("ClusterId", ""), ("NumMissedProbesLimit", "0"), ("ProbeTimeout", "00:00:00.01"), ("StartTimeout", "1.00:00:00")));

        Assert.Equal(
            [
                "Inference:Cluster: Redis is not set. Set it, since Inference:Mode is not Embedded: host:6379, with ,password=… where it has one.",
                "Inference:Cluster: ClusterId is empty. Set a name, or leave it out.",
                "Inference:Cluster: NumMissedProbesLimit is 0. Set it to 1 to 100.",
                "Inference:Cluster: StartTimeout is 1.00:00:00. Set it to 00:00:00.1000000 to 00:05:00.",
                "Inference:Cluster: ProbeTimeout is 00:00:00.0100000. Set it to 00:00:00.1000000 to 00:05:00.",
            ],
            fault.Message.Split(Environment.NewLine));
    }

    [Theory]
    [InlineData("redis:6379,pasword=s3cret")]
    [InlineData("password=s3cret")]
    public void Parse_UnreadableRedis_KeepsThePasswordToItself(string redis)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => ClusterRedis.Parse(new InferenceClusterOptions { Redis = redis }));

        Assert.StartsWith("Inference:Cluster:Redis cannot be read.", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault.ToString(), StringComparison.Ordinal);
    }

    private static InferenceClusterOptions Read(params (string Setting, string Value)[] settings) => NamedOptions.ReadOne<InferenceClusterOptions>(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(one => KeyValuePair.Create($"Inference:Cluster:{one.Setting}", (string?)one.Value))).Build().GetSection("Inference"), "Cluster");
}

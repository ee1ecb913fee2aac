using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Grains.Features.External;

namespace UnitTests.Grains;

public sealed class NamedOptionsTests
{
    private const string Section = "ExternalServices";

    [Fact]
    public void Read_EverySetting_IsInTheOptions()
    {
        var options = Assert.Single(Read(
            ("risk:BaseAddress", "http://risk"), ("risk:Path", "/x"), ("risk:Timeout", "00:00:02"), ("risk:Columns:score:Type", "number"), ("risk:Columns:score:Default", "0"))).Value;

        Assert.Equal(("http://risk", "/x", TimeSpan.FromSeconds(2)), (options.BaseAddress, options.Path, options.Timeout));
        Assert.Equal("0", options.Columns["score"].Default);
    }

    [Fact]
    public void Read_Several_AreKeptByName() =>
        Assert.Equal(["a", "b"], Read([.. Good("a"), .. Good("b")]).Keys.Order());

    [Fact]
    public void Read_NoSection_IsEmpty() => Assert.Empty(Read());

    [Fact]
    public void Read_UnknownKey_IsAFaultNamingIt() => AssertFault("Inference:ExternalServices:risk: ", "'Timout'", [.. Good("risk"), ("risk:Timout", "00:00:01")]);

    [Fact]
    public void Read_UnknownKeyOfAColumn_IsAFaultNamingIt() => AssertFault("Inference:ExternalServices:risk: ", "'Defalt'", [.. Good("risk"), ("risk:Columns:score:Defalt", "0")]);

    [Fact]
    public void Read_ValueOfTheWrongType_IsAFaultNamingTheSetting() => AssertFault("Inference:ExternalServices:risk: ", "Inference:ExternalServices:risk:Timeout", [.. Good("risk"), ("risk:Timeout", "soon")]);

    [Fact]
    public void Read_RequiredSettingMissing_IsAFaultNamingIt() => AssertFault("Inference:ExternalServices:risk: ", "Path", ("risk:BaseAddress", "http://risk"));

    [Fact]
    public void Read_ValueOutOfRange_IsAFaultNamingIt() => AssertFault("Inference:ExternalServices:risk: ", "Timeout", [.. Good("risk"), ("risk:Timeout", "00:02:00")]);

    [Fact]
    public void Read_SettingsAtOdds_IsAFaultWithBothValues() => AssertFault(
        "Inference:ExternalServices:risk: ", "AttemptTimeout = 00:00:03 is longer than Timeout = 00:00:02.", [.. Good("risk"), ("risk:Timeout", "00:00:02"), ("risk:AttemptTimeout", "00:00:03")]);

    [Fact]
    public void Read_ManyFaults_ReportsAllAtOnce()
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Read([("a:BaseAddress", "http://a"), ("a:Timeout", "00:02:00"), .. Good("b"), ("b:Timout", "1")]));

        Assert.Equal(3, fault.Message.Split(Environment.NewLine).Length);
    }

    private static (string Key, string Value)[] Good(string name) => [($"{name}:BaseAddress", "http://risk"), ($"{name}:Path", "/x")];

    private static Dictionary<string, ExternalServiceOptions> Read(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Inference:{Section}:{setting.Key}", (string?)setting.Value)))
            .Build();
        return NamedOptions.Read<ExternalServiceOptions>(configuration.GetSection("Inference"), Section);
    }

    private static void AssertFault(string start, string named, params (string Key, string Value)[] settings)
    {
        var message = Assert.Throws<InferenceStartupException>(() => Read(settings)).Message;
        Assert.StartsWith(start, message, StringComparison.Ordinal);
        Assert.Contains(named, message[start.Length..], StringComparison.Ordinal);
    }
}

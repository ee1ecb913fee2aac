using OrleansInference.Grains;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Grains.PostProcessing.Outbox;

public sealed class WebhookTargetsTests
{
    [Fact]
    public void Find_ConfiguredTarget_IsItsAddress() => Assert.Equal(new Uri("https://desk/alerts?x=1"), Targets("https://desk/alerts?x=1").Find("desk")!.Address);

    [Fact]
    public void Find_RemovedTarget_IsNull() => Assert.Null(Targets("http://desk").Find("gone"));

    [Fact]
    public void Contains_Names_AreExact() => Assert.Equal((true, false), (Targets("http://desk").Contains("desk"), Targets("http://desk").Contains("Desk")));

    [Theory]
    [InlineData("desk")]
    [InlineData("/alerts")]
    [InlineData("ftp://desk")]
    [InlineData("")]
    public void Constructor_NoWebAddress_NamesTheSetting(string url) =>
        Assert.Equal($"Inference:Webhooks:desk:Url is '{url}'. Set it to an http or https address.", Assert.Throws<InferenceStartupException>(() => Targets(url)).Message);

    private static WebhookTargets Targets(string url) => new(new Dictionary<string, WebhookOptions> { ["desk"] = new() { Url = url } });
}

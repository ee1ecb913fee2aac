using OrleansInference;
using OrleansInference.Grains.PostProcessing;
using UnitTests.Fakes;

namespace UnitTests.Grains.PostProcessing;

public sealed class RequestFingerprintTests
{
    private readonly PlanFixture _plan = new();

    [Fact]
    public void Of_KnownRequest_IsTheSameForEver() => Assert.Equal(1605857639505499087, Of(new("amount", 12.5), new("terminal_id", "3156")));

    [Fact]
    public void Of_OtherOrderAliasOrNull_IsTheSame()
    {
        var one = Of(new("amount", 12.5), new("terminal_id", "3156"));

        Assert.Equal(one, Of(new("raw_feature", "3156"), new("amount", 12.5)));
        Assert.Equal(Of(new RequestField("amount", 12.5)), Of(new("amount", 12.5), new("terminal_id", default)));
    }

    [Fact]
    public void Of_AnyOtherValue_Differs()
    {
        var all = new[]
        {
            Of(),
            Of(new RequestField("amount", 12.5)),
            Of(new RequestField("amount", 12.500001)),
            Of(new RequestField("amount", "12.5")),
            Of(new RequestField("amount", true)),
            Of(new RequestField("amount", 1)),
            Of(new RequestField("terminal_id", "12.5")),
            Of(new RequestField("terminal_id", "")),
            Of(new("amount", 12.5), new("terminal_id", "12.5")),
        };

        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void Of_Overrides_TellRequestsApart()
    {
        var plain = RequestFingerprint.Of(_plan.Plan.Request, new PredictionRequest { UserId = "1" });
        var one = RequestFingerprint.Of(_plan.Plan.Request, new PredictionRequest { UserId = "1", Overrides = [new RequestField("a.x", 1)] });
        var other = RequestFingerprint.Of(_plan.Plan.Request, new PredictionRequest { UserId = "1", Overrides = [new RequestField("a.x", 2)] });

        Assert.Equal(3, new HashSet<long> { plain, one, other }.Count);
    }

    private long Of(params RequestField[] fields) => RequestFingerprint.Of(_plan.Plan.Request, new PredictionRequest { UserId = "1", Fields = fields });
}

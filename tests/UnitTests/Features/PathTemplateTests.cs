using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.External;

namespace UnitTests.Features;

public sealed class PathTemplateTests
{
    private const string Template = "/terminals/{terminal_id}/risk?at={at}&user={user_id}";

    [Theory]
    [InlineData("3156", "/terminals/3156/risk?at=2026-04-01T12:30:00Z&user=u%2F1")]
    [InlineData("a/../b?c#d%2F", "/terminals/a%2F..%2Fb%3Fc%23d%252F/risk?at=2026-04-01T12:30:00Z&user=u%2F1")]
    [InlineData("...", "/terminals/.../risk?at=2026-04-01T12:30:00Z&user=u%2F1")]
    [InlineData("Ж", "/terminals/%D0%96/risk?at=2026-04-01T12:30:00Z&user=u%2F1")]
    public void Fill_AnyValue_StaysOneSegment(string terminal, string path) =>
        Assert.Equal(path, Fill(Template, terminal)!.Replace("%3A", ":", StringComparison.Ordinal));

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public void Fill_DotsAsAWholeSegment_IsNoPath(string terminal) => Assert.Null(Fill(Template, terminal));

    [Theory]
    [InlineData("/risk?terminal={terminal_id}", "/risk?terminal=..")]
    [InlineData("/terminals/t{terminal_id}", "/terminals/t..")]
    public void Fill_DotsBesideSomethingElse_ArePlainText(string template, string path) => Assert.Equal(path, Fill(template, ".."));

    private static string? Fill(string template, string terminal)
    {
        var contract = new RequestContract(
            "m",
            [new DeclaredField { Name = "terminal_id", Type = DeclaredFieldType.Text }, new DeclaredField { Name = "at", Type = DeclaredFieldType.Timestamp }]);
        var request = contract.Bind(
            new PredictionRequest { UserId = "u/1", Fields = [new("terminal_id", terminal), new("at", "2026-04-01T12:30:00Z")] },
            new DateTimeOffset(2026, 4, 1, 12, 30, 0, TimeSpan.Zero));
        using var budget = new TimeBudget(TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None);
        return new PathTemplate("setting", template).Fill(new FeatureQuery("u/1", request, budget));
    }
}

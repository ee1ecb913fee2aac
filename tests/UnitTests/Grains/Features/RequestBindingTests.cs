using OrleansInference;
using OrleansInference.Grains.Features;

namespace UnitTests.Grains.Features;

/// <summary>What became of a request's fields.</summary>
public sealed class RequestBindingTests
{
    private static readonly DateTimeOffset Now = new(2026, 4, 1, 12, 30, 0, TimeSpan.Zero);

    [Fact]
    public void Bind_TimestampWithoutDefaultNotSent_AsksAboutNow()
    {
        var contract = new RequestContract("m", [new DeclaredField { Name = "at", Type = DeclaredFieldType.Timestamp }]);

        var bound = contract.Bind(new PredictionRequest { UserId = "42" }, Now);

        Assert.Equal(Now, bound.At);
        Assert.True(bound["at"].IsMissing);
    }

    [Fact]
    public void TryBind_SentAndSentAgainAsNull_IsOnce()
    {
        var faults = TryBind(("text", "a"), ("text", default));

        Assert.Empty(faults);
    }

    [Fact]
    public void TryBind_SentWronglyAndAgain_ToldTwiceButNotMissing()
    {
        var faults = TryBind(("text", 1), ("text", "a"));

        Assert.Equal(["must be a string of valid Unicode", "was sent twice; send it once"], faults.Select(fault => fault.Message));
    }

    [Fact]
    public void TryBind_UnknownFieldOnly_DoesNotHideAMissingOne()
    {
        var faults = TryBind(("other", default));

        Assert.Equal(["other", "text"], faults.Select(fault => fault.Field));
    }

    private static IReadOnlyList<FieldError> TryBind(params (string Name, RequestValue Value)[] fields)
    {
        var contract = new RequestContract("m", [new DeclaredField { Name = "text", Type = DeclaredFieldType.Text, Required = true }]);
        var request = new PredictionRequest { UserId = "42", Fields = [.. fields.Select(field => new RequestField(field.Name, field.Value))] };
        return contract.TryBind(request, Now, out _);
    }
}

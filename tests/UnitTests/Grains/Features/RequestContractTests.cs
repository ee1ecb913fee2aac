using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Features;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features;

public sealed class RequestContractTests
{
    private static readonly DateTimeOffset Now = new(2026, 4, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly RequestBuilder _request = new(new FakeTimeProvider(Now));

    [Fact]
    public void Bind_EveryType_HasItsValue()
    {
        var bound = _request
            .Declare("terminal", DeclaredFieldType.Text).Send("terminal", "3156")
            .Declare("amount", DeclaredFieldType.Number).Send("amount", 12.5)
            .Declare("online", DeclaredFieldType.Boolean).Send("online", true)
            .Declare("at", DeclaredFieldType.Timestamp).Send("at", Now)
            .Bind();

        Assert.Equal(
            [FeatureValue.Of("3156"), FeatureValue.Of(12.5), FeatureValue.Of(1), FeatureValue.Of(Now.ToUnixTimeSeconds())],
            bound.Values);
    }

    public static TheoryData<DeclaredFieldType, RequestValue, string> WrongTypes => new()
    {
        { DeclaredFieldType.Text, 3156, "must be a string of valid Unicode" },
        { DeclaredFieldType.Text, true, "must be a string of valid Unicode" },
        { DeclaredFieldType.Text, RequestValue.Unsupported("[1]"), "must be a string of valid Unicode" },
        { DeclaredFieldType.Text, "", "must not be empty" },
        { DeclaredFieldType.Text, new string('x', 1025), "must have at most 1024 characters, but has 1025" },
        { DeclaredFieldType.Number, "12.5", "must be a number" },
        { DeclaredFieldType.Number, false, "must be a number" },
        { DeclaredFieldType.Number, double.PositiveInfinity, "must be a finite number" },
        { DeclaredFieldType.Number, double.NaN, "must be a finite number" },
        { DeclaredFieldType.Boolean, 1, "must be true or false" },
        { DeclaredFieldType.Boolean, "true", "must be true or false" },
        { DeclaredFieldType.Timestamp, true, "must be an ISO 8601 time such as 2026-04-01T12:30:00Z, or Unix seconds" },
        { DeclaredFieldType.Timestamp, "yesterday", "must be an ISO 8601 time such as 2026-04-01T12:30:00Z, or Unix seconds" },
        { DeclaredFieldType.Timestamp, "2026-02-30T00:00:00Z", "must be an ISO 8601 time such as 2026-04-01T12:30:00Z, or Unix seconds" },
        { DeclaredFieldType.Timestamp, double.PositiveInfinity, "must be an ISO 8601 time such as 2026-04-01T12:30:00Z, or Unix seconds" },
        { DeclaredFieldType.Timestamp, -1, "must not be before 1970-01-01T00:00:00Z; a number is taken as Unix seconds" },
        { DeclaredFieldType.Timestamp, "1969-12-31T23:59:59Z", "must not be before 1970-01-01T00:00:00Z; a number is taken as Unix seconds" },
        { DeclaredFieldType.Timestamp, 1775044800000, "must not be after 2026-04-01T12:05:00Z (now plus maxFuture = 00:05:00); a number is taken as Unix seconds" },
        { DeclaredFieldType.Timestamp, 1e300, "must not be after 2026-04-01T12:05:00Z (now plus maxFuture = 00:05:00); a number is taken as Unix seconds" },
        { DeclaredFieldType.Timestamp, "9999-12-31T23:59:59Z", "must not be after 2026-04-01T12:05:00Z (now plus maxFuture = 00:05:00); a number is taken as Unix seconds" },
    };

    [Theory]
    [MemberData(nameof(WrongTypes))]
    public void TryBind_WrongValue_NamesFieldFaultAndValue(DeclaredFieldType type, RequestValue value, string fault)
    {
        var faults = _request.Declare("field", type).Send("field", value).Faults();

        Assert.Equal([new FieldError("field", fault, value.ToDisplay())], faults);
    }

    [Fact]
    public void Bind_LongestText_IsTaken()
    {
        var text = new string('x', DeclaredField.MaxTextLength);

        Assert.Equal(FeatureValue.Of(text), _request.Declare("field", DeclaredFieldType.Text).Send("field", text).Bind()["field"]);
    }

    [Theory]
    [InlineData(-0.001, "must be at least 0")]
    [InlineData(100.5, "must be at most 100")]
    public void TryBind_OutsideTheRange_NamesTheBound(double amount, string fault)
    {
        var faults = _request.Declare(Amount() with { Minimum = 0, Maximum = 100 }).Send("amount", amount).Faults();

        Assert.Equal(fault, Assert.Single(faults).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void TryBind_OnTheBound_IsTaken(double amount) =>
        Assert.Empty(_request.Declare(Amount() with { Minimum = 0, Maximum = 100 }).Send("amount", amount).Faults());

    [Theory]
    [InlineData("2026-04-01T12:00:00Z", 0)]
    [InlineData("2026-04-01T14:00:00+02:00", 0)]
    [InlineData("2026-04-01T12:00:00", 0)]
    [InlineData("2026-04-01 12:00:00", 0)]
    [InlineData("2026-04-01T12:00Z", 0)]
    [InlineData("2026-04-01T11:59:59.25Z", -0.75)]
    [InlineData("2026-04-01", -43_200)]
    public void Bind_IsoTime_IsUnixSeconds(string at, double secondsFromNow) =>
        Assert.Equal(Now.ToUnixTimeSeconds() + secondsFromNow, _request.Declare(At()).Send("at", at).Bind()["at"].Number);

    [Fact]
    public void Bind_UnixSeconds_AreTheInstantAskedAbout() =>
        Assert.Equal(Now.AddSeconds(-1.5), _request.Declare(At()).Send("at", Now.ToUnixTimeSeconds() - 1.5).Bind().At);

    [Fact]
    public void Bind_TimestampAtMaxFuture_IsTaken()
    {
        var at = Now.AddMinutes(1);

        Assert.Equal(at, _request.Declare(At() with { MaxFuture = TimeSpan.FromMinutes(1) }).Send("at", at).Bind().At);
    }

    [Fact]
    public void TryBind_TimestampBeyondMaxFuture_IsRefused()
    {
        var at = Now.AddMinutes(1).AddTicks(1);

        Assert.Single(_request.Declare(At() with { MaxFuture = TimeSpan.FromMinutes(1) }).Send("at", at).Faults());
    }

    [Fact]
    public void Bind_TimestampNotSentAndNow_IsTheTimeOfArrival()
    {
        var bound = _request.Declare(At() with { DefaultsToNow = true }).Bind();

        Assert.Equal(FeatureValue.Of(Now.ToUnixTimeSeconds()).AsDefault(), bound["at"]);
        Assert.Equal(Now, bound.At);
    }

    [Fact]
    public void Bind_TimestampNotSentAndNoDefault_AsksAboutTheTimeOfArrival()
    {
        var bound = _request.Declare(At()).Bind();

        Assert.Equal((true, Now), (bound["at"].IsMissing, bound.At));
    }

    [Fact]
    public void Bind_NoTimestampField_AsksAboutTheTimeOfArrival() => Assert.Equal(Now, _request.Declare(Amount()).Bind().At);

    [Fact]
    public void Bind_Alias_IsTheField()
    {
        var bound = _request.Declare(Terminal() with { Alias = "raw_feature" }).Send("raw_feature", "3156").Bind();

        Assert.Equal("3156", bound["terminal_id"].Text);
    }

    [Fact]
    public void Bind_NameOfAnAliasedField_IsTakenToo()
    {
        var bound = _request.Declare(Terminal() with { Alias = "raw_feature" }).Send("terminal_id", "3156").Bind();

        Assert.Equal("3156", bound["raw_feature"].Text);
    }

    [Fact]
    public void Bind_NotSent_HasTheLiteralDefaultAndItsStatus() =>
        Assert.Equal(FeatureValue.Of(7).AsDefault(), _request.Declare(Amount() with { Default = FeatureValue.Of(7).AsDefault() }).Bind()["amount"]);

    [Fact]
    public void Bind_SentBesideADefault_IsFresh() =>
        Assert.Equal(FeatureValue.Of(3), _request.Declare(Amount() with { Default = FeatureValue.Of(7).AsDefault() }).Send("amount", 3).Bind()["amount"]);

    [Fact]
    public void Bind_NotSentAndDefaultIsAFeature_WaitsForTheFeature()
    {
        var field = Amount() with { Default = FeatureValue.Of(7).AsDefault(), DefaultFeature = "spending.mean_30d" };

        Assert.True(_request.Declare(field).Bind()["amount"].IsMissing);
    }

    [Fact]
    public void Bind_Null_CountsAsNotSent() =>
        Assert.Equal(7, _request.Declare(Amount() with { Default = FeatureValue.Of(7) }).Send("amount", default).Bind()["amount"].Number);

    [Fact]
    public void TryBind_RequiredFieldIsNull_IsMissing() =>
        Assert.Equal(
            [new FieldError("amount", "is required (a number)", null)],
            _request.Declare(Amount() with { Required = true }).Send("amount", default).Faults());

    [Fact]
    public void TryBind_RequiredAliasedFieldNotSent_IsNamedAsTheCallerKnowsIt() =>
        Assert.Equal(
            [new FieldError("raw_feature", "is required (a string; terminal_id is taken too)", null)],
            _request.Declare(Terminal() with { Alias = "raw_feature", Required = true }).Faults());

    [Fact]
    public void TryBind_UnknownField_NamesTheFieldsThereAre() =>
        Assert.Equal(
            [new FieldError("amout", "is not a field of model fraud; its fields are user_id, raw_feature, amount", "5")],
            _request.Declare(Terminal() with { Alias = "raw_feature" }).Declare(Amount()).Send("amout", 5).Faults());

    [Fact]
    public void TryBind_ModelWithoutFields_RefusesEveryField() => Assert.Equal("amount", Assert.Single(_request.Send("amount", 5).Faults()).Field);

    [Fact]
    public void TryBind_SentTwice_IsRefusedOnce() =>
        Assert.Equal(
            [new FieldError("amount", "was sent twice; send it once", "6")],
            _request.Declare(Amount()).Send("amount", 5).Send("amount", 6).Faults());

    [Fact]
    public void TryBind_SentByNameAndAlias_IsTwice() =>
        Assert.Equal(
            [new FieldError("terminal_id", "was sent twice; send it once", "\"b\"")],
            _request.Declare(Terminal() with { Alias = "raw_feature" }).Send("raw_feature", "a").Send("terminal_id", "b").Faults());

    [Fact]
    public void TryBind_ManyFaults_ReportsAllAtOnce()
    {
        var faults = _request
            .Declare(Terminal() with { Required = true })
            .Declare(Amount() with { Minimum = 0 }).Send("amount", -1)
            .Declare(At()).Send("at", "never")
            .Send("colour", "red")
            .Faults();

        Assert.Equal(["amount", "at", "colour", "terminal_id"], faults.Select(fault => fault.Field));
    }

    [Fact]
    public void TryBind_FloodOfFaults_KeepsFiftyAndCountsAll()
    {
        _request.Declare(Amount());
        for (var i = 0; i < 30; i++) _request.Send($"f{i}", 1);
        for (var i = 0; i < 10_000; i++) _request.Send("amount", "x");
        for (var i = 0; i < 10_000; i++) _request.Send($"g{i}", 1);

        var faults = _request.Faults();

        Assert.Equal(20_030, faults.Count);
        Assert.Equal(("f29", "amount"), (faults[29].Field, faults[49].Field));
        Assert.Single(faults.Skip(50).Distinct<object>(ReferenceEqualityComparer.Instance));
    }

    [Fact]
    public void Bind_Faults_AreThrownAsInvalidInput()
    {
        var failure = Assert.Throws<InferenceException>(() => _request.Declare(Amount()).Send("amount", "x").Bind());

        Assert.Equal((InferenceErrorCode.InvalidInput, "amount"), (failure.Code, Assert.Single(failure.Fields).Field));
    }

    private static DeclaredField Terminal() => new() { Name = "terminal_id", Type = DeclaredFieldType.Text };

    private static DeclaredField Amount() => new() { Name = "amount", Type = DeclaredFieldType.Number };

    private static DeclaredField At() => new() { Name = "at", Type = DeclaredFieldType.Timestamp };
}

using System.Text.Json;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;

namespace UnitTests.Grains.Models.Planning;

public sealed class DeclaredFieldCompilerTests
{
    private readonly ManifestFaults _faults = new("model.json", new JsonLines("{}"u8));

    [Theory]
    [InlineData("string", DeclaredFieldType.Text)]
    [InlineData("number", DeclaredFieldType.Number)]
    [InlineData("boolean", DeclaredFieldType.Boolean)]
    [InlineData("timestamp", DeclaredFieldType.Timestamp)]
    public void Compile_Type_IsTheFieldsType(string name, DeclaredFieldType type) => Assert.Equal(type, Compile(Field(name)).Type);

    [Fact]
    public void Compile_EverythingSaid_IsInTheField()
    {
        var field = Compile(Field("number") with { Alias = "sum", Required = true, Minimum = 1, Maximum = 2 });

        Assert.Equal(("amount", "sum", true, 1d, 2d), (field.Name, field.Alias, field.Required, field.Minimum!.Value, field.Maximum!.Value));
    }

    [Fact]
    public void Compile_MaxFutureNotSaid_IsFiveMinutes() => Assert.Equal(TimeSpan.FromMinutes(5), Compile(Field("timestamp")).MaxFuture);

    [Fact]
    public void Compile_Now_IsTheTimeOfArrival()
    {
        var field = Compile(Field("timestamp", "\"now\""));

        Assert.Equal((true, true), (field.DefaultsToNow, field.Default.IsMissing));
    }

    [Theory]
    [InlineData("number", "1.5", 1.5)]
    [InlineData("boolean", "true", 1)]
    [InlineData("boolean", "false", 0)]
    [InlineData("timestamp", "1775044800", 1775044800)]
    public void Compile_LiteralDefault_IsAValueWithStatusDefault(string type, string json, double expected) =>
        Assert.Equal(FeatureValue.Of(expected).AsDefault(), Compile(Field(type, json)).Default);

    [Fact]
    public void Compile_TextDefault_IsAValueWithStatusDefault() => Assert.Equal(FeatureValue.Of("now").AsDefault(), Compile(Field("string", "\"now\"")).Default);

    [Fact]
    public void Compile_FeatureDefault_HasFeatureAndOrElse()
    {
        var field = Compile(Field("number", """{ "feature": "spending.mean", "orElse": 3 }"""));

        Assert.Equal(("spending.mean", FeatureValue.Of(3).AsDefault()), (field.DefaultFeature, field.Default));
    }

    [Theory]
    [InlineData("text", null, "type: 'text' is no type. Write string, number, boolean or timestamp.")]
    [InlineData("timestamp", "\"2026-01-01\"", "default: '2026-01-01' is no timestamp. Correct the default or the type.")]
    [InlineData("timestamp", "-1", "default: '-1' is no timestamp. Correct the default or the type.")]
    [InlineData("timestamp", "1e300", "default: '1e300' is no timestamp. Correct the default or the type.")]
    [InlineData("string", "5", "default: '5' is no string. Correct the default or the type.")]
    [InlineData("string", "true", "default: 'True' is no string. Correct the default or the type.")]
    [InlineData("number", "\"5\"", "default: '5' is no number. Correct the default or the type.")]
    [InlineData("number", "\"now\"", "default: 'now' is no number. Correct the default or the type.")]
    [InlineData("number", "true", "default: 'True' is no number. Correct the default or the type.")]
    [InlineData("number", "1e999", "default: '1e999' is no number. Correct the default or the type.")]
    [InlineData("number", "[1]", "default: '[1]' is no number. Correct the default or the type.")]
    [InlineData("boolean", "1", "default: '1' is no boolean. Correct the default or the type.")]
    [InlineData("number", """{ "feature": "a.b", "orElse": "x" }""", "default: 'x' is no number. Correct the default or the type.")]
    [InlineData("number", """{ "feature": "a.b", "orElse": [1] }""", "default: '[1]' is no number. Correct the default or the type.")]
    [InlineData("number", """{ "orElse": 1 }""", "default: the object needs 'feature'. Write { \"feature\": \"view.column\", \"orElse\": 0 } or a literal.")]
    [InlineData("number", """{ "feature": 5 }""", "default: the object needs 'feature'. Write { \"feature\": \"view.column\", \"orElse\": 0 } or a literal.")]
    [InlineData("number", """{ "feature": "a.b", "orelse": 1 }""", "default: the key 'orelse' is unknown. Write { \"feature\": \"view.column\", \"orElse\": 0 } or a literal.")]
    public void Compile_BadTypeOrDefault_IsAFault(string type, string? json, string fault) => AssertFault(Field(type, json), fault);

    [Fact]
    public void Compile_RequiredWithDefault_IsAFault() =>
        AssertFault(Field("number", "1") with { Required = true }, "default: a required field needs no default. Remove one of the two.");

    [Fact]
    public void Compile_BoundsOfNoNumber_IsAFault()
    {
        AssertFault(Field("string") with { Minimum = 1 }, ": minimum and maximum are for numbers. Remove them, or set type to number.");
        AssertFault(Field("timestamp") with { Maximum = 1 }, ": minimum and maximum are for numbers. Remove them, or set type to number.");
    }

    [Fact]
    public void Compile_MinimumAboveMaximum_IsAFault() =>
        AssertFault(Field("number") with { Minimum = 2, Maximum = 1 }, ": minimum 2 is above maximum 1, so no value fits. Correct one of them.");

    [Fact]
    public void Compile_MaxFutureOfNoTimestamp_IsAFault() =>
        AssertFault(Field("number") with { MaxFuture = TimeSpan.FromMinutes(1) }, "maxFuture: is for timestamps. Remove it, or set type to timestamp.");

    [Theory]
    [InlineData("-00:00:01")]
    [InlineData("36501.00:00:00")]
    public void Compile_MaxFutureOutOfRange_IsAFault(string maxFuture) => AssertFault(
        Field("timestamp") with { MaxFuture = TimeSpan.Parse(maxFuture, System.Globalization.CultureInfo.InvariantCulture) },
        $"maxFuture: {maxFuture} is out of range. Set it from zero to 36500.00:00:00.");

    private static RequestFieldSection Field(string type, string? defaultJson = null) =>
        new() { Type = type, Default = defaultJson is null ? null : JsonElement.Parse(defaultJson) };

    private DeclaredField Compile(RequestFieldSection section)
    {
        var field = DeclaredFieldCompiler.Compile("amount", section, _faults);
        _faults.ThrowIfAny();
        return field;
    }

    private static void AssertFault(RequestFieldSection section, string fault)
    {
        var faults = new ManifestFaults("model.json", new JsonLines("{}"u8));
        DeclaredFieldCompiler.Compile("amount", section, faults);
        var expected = fault.StartsWith(':') ? $"model.json:1: predict.request.amount{fault}" : $"model.json:1: predict.request.amount.{fault}";
        Assert.Equal(expected, Assert.Throws<InferenceStartupException>(faults.ThrowIfAny).Message);
    }
}

using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Grains.Models.Planning;

public sealed class PlanCompilerTests
{
    private const string Features = "request.terminal, request.amount, spending.mean, spending.last, risk.score, risk.text";

    private readonly PlanBuilder _plan = new();

    [Fact]
    public void Compile_GoodManifest_GivesEveryFeatureItsPosition()
    {
        var plan = _plan.Compile();

        Assert.Equal(Features.Split(", "), plan.Schema.Names);
        Assert.Equal([("spending", 2), ("risk", 4)], plan.Sources.Select(source => (source.Source.Name, source.Offset)));
        var input = Assert.Single(plan.Inputs);
        Assert.Equal(("x", TensorDatatype.FP32), (input.Name, input.Datatype));
        Assert.Equal([1L, 2L], input.Shape);
        Assert.Equal([1, 2], input.Features);
        Assert.Equal(new PlannedOutput("fraud", "y", 1), plan.Output);
        Assert.Equal(("fraud", TimeSpan.FromSeconds(1)), (plan.Model, plan.Deadline));
    }

    [Fact]
    public void Compile_DefaultFeature_IsPlannedWithItsOrElse() =>
        Assert.Equal(
            [new PlannedDefault(1, 3, FeatureValue.Of(5).AsDefault())],
            _plan.With("request.amount.default", """{ "feature": "spending.last", "orElse": 5 }""").Compile().Defaults);

    [Fact]
    public void Compile_Info_IsPlannedByPosition() =>
        Assert.Equal(new PlannedInfo(5, "none"), _plan.With("response.info", """{ "feature": "risk.text", "orElse": "none" }""").Compile().Info);

    [Fact]
    public void Compile_NoInfo_IsNotAvailable() => Assert.Equal(new PlannedInfo(null, "N/A"), _plan.Compile().Info);

    [Fact]
    public void Compile_Rules_AreAlertsThenWorkflows() =>
        Assert.Equal(
            [new OutboxRule("alert", "desk", 0.9, null), new OutboxRule("workflow", "review", null, 0.1)],
            _plan
                .With("workflows", """[ { "when": { "field": "prediction", "below": 0.1 }, "to": "review" } ]""")
                .With("alerts", """[ { "when": { "field": "prediction", "above": 0.9 }, "to": "desk" } ]""")
                .Compile().Rules);

    [Theory]
    [InlineData("inputs.x", """[ "request.amount", "calendar.hour" ]""")]
    [InlineData("response.info", """{ "feature": "calendar.hour" }""")]
    [InlineData("request.amount.default", """{ "feature": "calendar.hour", "orElse": 0 }""")]
    public void Compile_CalendarMentioned_IsASource(string path, string json) =>
        Assert.Equal("calendar", _plan.With(path, json).Compile().Sources[^1].Source.Name);

    [Fact]
    public void Compile_CalendarNotMentioned_IsNoSource() => Assert.DoesNotContain(_plan.Compile().Sources, source => source.Source.Name == "calendar");

    [Theory]
    [InlineData(new long[] { -1, 2 }, new long[] { 1, 2 })]
    [InlineData(new long[] { 1, 2 }, new long[] { 1, 2 })]
    [InlineData(new long[] { -1, -1 }, new long[] { 1, 2 })]
    [InlineData(new long[] { 2 }, new long[] { 2 })]
    public void Compile_ShapeOfTwo_TakesTwoFeatures(long[] declared, long[] planned) =>
        Assert.Equal(planned, _plan.WithInput(TensorDatatype.FP32, declared).Compile().Inputs[0].Shape);

    [Theory]
    [InlineData(new long[0], new long[0])]
    [InlineData(new long[] { -1 }, new long[] { 1 })]
    [InlineData(new long[] { -1, 1 }, new long[] { 1, 1 })]
    public void Compile_ShapeOfOne_TakesOneFeature(long[] declared, long[] planned) =>
        Assert.Equal(planned, _plan.WithInput(TensorDatatype.FP32, declared).With("inputs.x", """[ "request.amount" ]""").Compile().Inputs[0].Shape);

    [Theory]
    [InlineData(new long[] { -1, 3 })]
    [InlineData(new long[] { 4, 2 })]
    [InlineData(new long[] { -1 })]
    [InlineData(new long[0])]
    [InlineData(new long[] { -1, 1, 2 })]
    public void Compile_ShapeOfOtherSize_IsAFault(long[] shape) => AssertFault(
        _plan.WithInput(TensorDatatype.FP32, shape),
        $"predict.inputs.x: 2 features do not fill the input's shape [{string.Join(", ", shape)}] of version 1. Give as many features as the last dimension says.");

    [Theory]
    [InlineData("""{ "feature": "spending.mean" }""")]
    [InlineData("""{ "feature": "spending.last", "orElse": 0 }""")]
    public void Compile_FieldWhoseDefaultAlwaysHasAValue_CanBeAnInput(string value) =>
        Assert.Equal([1, 2], _plan.With("request.amount.default", value).Compile().Inputs[0].Features);

    [Fact]
    public void Compile_FieldWhoseDefaultFeatureCanBeMissing_IsAFault() => AssertFault(
        _plan.With("request.amount.default", """{ "feature": "spending.last" }"""),
        "predict.inputs.x[0]: 'request.amount' has no value when its source has none. Configure its Default, or make the request field required.");

    [Fact]
    public void Compile_NameTakenTwice_IsAFault() => AssertFault(
        _plan.With("request.amount.alias", "\"terminal\""),
        "predict.request: the name 'terminal' is taken twice (user_id, request_id, features and max_age are always fields). Rename a field or an alias.");

    [Fact]
    public void Compile_FieldNamedUserId_IsAFault() => AssertFault(
        _plan.With("request.user_id", """{ "type": "string" }"""),
        "predict.request: the name 'user_id' is taken twice (user_id, request_id, features and max_age are always fields). Rename a field or an alias.");

    [Theory]
    [InlineData("features")]
    [InlineData("max_age")]
    [InlineData("request_id")]
    public void Compile_FieldWithANameOfEveryRequest_IsAFault(string name) => AssertFault(
        _plan.With($"request.{name}", """{ "type": "number" }"""),
        $"predict.request: the name '{name}' is taken twice (user_id, request_id, features and max_age are always fields). Rename a field or an alias.");

    [Fact]
    public void Compile_OnDeadlineIsNeither_IsAFault() => AssertFault(
        _plan.With("onDeadline", "\"guess\""), "predict.onDeadline: 'guess' is neither fail nor degrade. Write one of them.");

    [Theory]
    [InlineData("features", "Inference:FeatureViews", "live, own, spending")]
    [InlineData("externals", "Inference:ExternalServices", "risk")]
    [InlineData("lookups", "Inference:Lookups", "(none)")]
    public void Compile_SourceNotConfigured_IsAFault(string key, string section, string names) => AssertFault(
        _plan.With(key, """[ "nowhere" ]""").With("inputs.x", """[ "request.amount", "request.amount" ]"""),
        $"predict.{key}[0]: 'nowhere' is not configured. Add {section}:nowhere, or name one of: {names}.");

    [Fact]
    public void Compile_SourceOfAnotherKind_IsAFault() => AssertFault(
        _plan.With("lookups", """[ "spending" ]"""),
        "predict.lookups[0]: 'spending' is not configured. Add Inference:Lookups:spending, or name one of: (none). There is a source 'spending': name it under predict.features.");

    [Fact]
    public void Compile_SourceTwice_IsAFault() => AssertFault(
        _plan.With("features", """[ "spending", "spending" ]"""),
        "predict.features[1]: 'spending' stands twice. Remove one.");

    [Theory]
    [InlineData("""{ "type": "string" }""")]
    [InlineData("""{ "type": "string", "default": { "feature": "spending.last", "orElse": "x" } }""")]
    public void Compile_FieldThatASourceReadsHasNoValueAtOnce_IsAFault(string terminal) => Assert.Contains(
        "predict.externals[0]: 'risk' reads the request field 'terminal', which predict.request does not declare with a value of its own. Declare it there as required or with a literal default.",
        _plan.With("request.terminal", terminal).Faults());

    [Fact]
    public void Compile_FieldThatASourceReadsIsNotDeclared_IsAFault() => AssertFault(
        _plan.With("request", """{ "amount": { "type": "number", "default": 0 } }"""),
        "predict.externals[0]: 'risk' reads the request field 'terminal', which predict.request does not declare with a value of its own. Declare it there as required or with a literal default.");

    [Fact]
    public void Compile_FieldThatASourceReadsHasALiteralDefault_IsTaken() =>
        Assert.NotNull(_plan.With("request.terminal", """{ "type": "string", "default": "none" }""").Compile());

    [Fact]
    public void Compile_DefaultFeatureUnknown_IsAFault() => Assert.Contains(
        $"predict.request.amount.default.feature: there is no feature 'spending.most'. The features here are: {Features}.",
        _plan.With("request.amount.default", """{ "feature": "spending.most", "orElse": 0 }""").Faults());

    [Fact]
    public void Compile_DefaultFeatureOfAnotherType_IsAFault() => AssertFault(
        _plan.With("request.amount.default", """{ "feature": "risk.text", "orElse": 0 }"""),
        "predict.request.amount.default.feature: 'risk.text' is Text, but the field is Number. Name another feature.");

    [Fact]
    public void Compile_DefaultFeatureIsAField_IsAFault() => AssertFault(
        _plan.With("request.sum", """{ "type": "number", "default": { "feature": "request.amount" } }"""),
        "predict.request.sum.default.feature: 'request.amount' is a field of the request. Name a feature of a source.");

    [Fact]
    public void Compile_InputOfTheModelNotFilled_IsAFault() => AssertFault(
        _plan.WithVersion(1, PlanBuilder.Version(new("x", TensorDatatype.FP32, [-1, 2]), new("z", TensorDatatype.FP32, [-1, 1]))),
        "predict.inputs: version 1 of the model has the input 'z', which is not filled. Add it with its features.");

    [Fact]
    public void Compile_InputThatTheModelHasNot_IsAFault() => AssertFault(
        _plan.With("inputs.z", """[ "request.amount" ]"""),
        "predict.inputs.z: version 1 of the model has no input 'z'. Its inputs are: x.");

    [Fact]
    public void Compile_InputDatatypeThatFeaturesCannotFill_IsAFault() => AssertFault(
        _plan.WithInput(TensorDatatype.FP16, -1, 2),
        "predict.inputs.x: the input has datatype FP16, which features cannot fill. Export the model with one of FP32, FP64, INT64, INT32, BOOL, BYTES.");

    [Fact]
    public void Compile_InputFeatureUnknown_IsAFault() => AssertFault(
        _plan.With("inputs.x", """[ "request.amount", "spending.most" ]"""),
        $"predict.inputs.x[1]: there is no feature 'spending.most'. The features here are: {Features}.");

    [Fact]
    public void Compile_TextIntoANumericInput_IsAFault() => AssertFault(
        _plan.With("inputs.x", """[ "request.amount", "request.terminal" ]"""),
        "predict.inputs.x[1]: 'request.terminal' is Text, but the input takes Number. Name another feature.");

    [Fact]
    public void Compile_NumberIntoATextInput_IsAFault() => AssertFault(
        _plan.WithInput(TensorDatatype.BYTES, -1, 2).With("inputs.x", """[ "request.terminal", "request.amount" ]"""),
        "predict.inputs.x[1]: 'request.amount' is Number, but the input takes Text. Name another feature.");

    [Fact]
    public void Compile_InputFeatureWithoutAValueWhenItsSourceHasNone_IsAFault() => AssertFault(
        _plan.With("inputs.x", """[ "request.amount", "spending.last" ]"""),
        "predict.inputs.x[1]: 'spending.last' has no value when its source has none. Configure its Default, or make the request field required.");

    [Fact]
    public void Compile_OptionalFieldAsInput_IsAFault() => AssertFault(
        _plan.With("request.amount", """{ "type": "number" }"""),
        "predict.inputs.x[0]: 'request.amount' has no value when its source has none. Configure its Default, or make the request field required.");

    [Fact]
    public void Compile_VersionsTakeDifferentTensors_IsAFault() => AssertFault(
        _plan.WithVersion(2, PlanBuilder.Version(new TensorMetadata("x", TensorDatatype.FP64, [-1, 2]))),
        "predict.inputs.x: version 2 of the model takes FP64 [1, 2], but version 1 takes FP32 [1, 2]. Export both alike, or move one to a model of its own.");

    [Fact]
    public void Compile_VersionsTakeTheSameTensors_IsAPlanForBoth() =>
        Assert.NotNull(_plan.WithVersion(2, PlanBuilder.Version(new TensorMetadata("x", TensorDatatype.FP32, [1, -1]))).Compile());

    [Fact]
    public void Compile_OutputUnknown_IsAFault() => AssertFault(
        _plan.With("response.prediction.output", "\"z\""),
        "predict.response.prediction.output: version 1 of the model has no output 'z'. Its outputs are: y.");

    [Fact]
    public void Compile_OutputIsNoNumber_IsAFault() => AssertFault(
        _plan.WithOutput(TensorDatatype.BYTES, -1, 2),
        "predict.response.prediction.output: the output has datatype BYTES, which is no number for an answer. Name another output.");

    [Theory]
    [InlineData("-1")]
    [InlineData("2")]
    public void Compile_IndexOutsideTheOutput_IsAFault(string index) => AssertFault(
        _plan.With("response.prediction.index", index),
        $"predict.response.prediction.index: {index} is outside the output's shape [-1, 2]. Name an element from 0.");

    [Fact]
    public void Compile_OutputOfAnySize_TakesAnyIndex() =>
        Assert.Equal(9, _plan.WithOutput(TensorDatatype.FP32, -1, -1).With("response.prediction.index", "9").Compile().Output.Index);

    [Fact]
    public void Compile_InfoFeatureUnknown_IsAFault() => AssertFault(
        _plan.With("response.info", """{ "feature": "risk.words" }"""),
        $"predict.response.info.feature: there is no feature 'risk.words'. The features here are: {Features}.");

    [Theory]
    [InlineData("""{ "when": { "field": "amount", "above": 1 }, "to": "desk" }""", ".when.field: 'amount' cannot be compared. Write 'prediction'.")]
    [InlineData("""{ "when": { "field": "prediction" }, "to": "desk" }""", ".when: neither 'above' nor 'below' is given. Add one of them.")]
    [InlineData("""{ "when": { "field": "prediction", "above": 1 }, "to": "dsk" }""", ".to: the target 'dsk' is not configured. Set Inference:Webhooks:dsk:Url, or name one of: desk, review.")]
    public void Compile_BadRule_IsAFault(string rule, string fault)
    {
        AssertFault(new PlanBuilder().With("alerts", $"[ {rule} ]"), $"predict.alerts[0]{fault}");
        AssertFault(new PlanBuilder().With("workflows", $"[ {rule} ]"), $"predict.workflows[0]{fault}");
    }

    [Fact]
    public void Compile_QuietPeriod_IsTheRulesOwn() => Assert.Equal(
        [TimeSpan.FromHours(1), TimeSpan.FromDays(7), null],
        _plan.With(
            "alerts",
            """
            [
              { "when": { "field": "prediction", "above": 0.9 }, "to": "desk", "quiet": "01:00:00" },
              { "when": { "field": "prediction", "above": 0.8 }, "to": "desk", "quiet": "7.00:00:00" },
              { "when": { "field": "prediction", "above": 0.7 }, "to": "desk" }
            ]
            """).Compile().Rules.Select(rule => rule.Quiet));

    [Fact]
    public void Compile_TwoRulesOfOneKindAndTarget_HaveNamesOfTheirOwn() => Assert.Equal(
        ["alert-desk", "alert-desk-2"],
        _plan.With("alerts", """[ { "when": { "field": "prediction", "above": 0.9 }, "to": "desk" }, { "when": { "field": "prediction", "below": 0.1 }, "to": "desk" } ]""")
            .Compile().Rules.Select(rule => rule.Name));

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("-01:00:00")]
    [InlineData("7.00:00:01")]
    public void Compile_QuietPeriodOutOfRange_IsAFault(string quiet) => AssertFault(
        _plan.With("alerts", $$"""[ { "when": { "field": "prediction", "above": 0.9 }, "to": "desk", "quiet": "{{quiet}}" } ]"""),
        $"predict.alerts[0].quiet: {quiet} is out of range. Set it above zero and to 7.00:00:00 or less, or remove it.");

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("-00:00:01")]
    [InlineData("00:00:25.0000001")]
    public void Compile_DeadlineOutOfRange_IsAFault(string deadline) => AssertFault(
        _plan.With("deadline", $"\"{deadline}\""),
        $"predict.deadline: {deadline} is out of range. Set it above zero and to 00:00:25 or less.");

    [Fact]
    public void Compile_ManyFaults_ReportsAllAtOnce() => Assert.Equal(
        4,
        _plan
            .With("features", """[ "spending", "nowhere" ]""")
            .With("request.amount.type", "\"money\"")
            .With("response.prediction.output", "\"z\"")
            .With("deadline", "\"00:01:00\"")
            .Faults().Count(fault => fault.Contains("nowhere", StringComparison.Ordinal) || fault.Contains("money", StringComparison.Ordinal)
                || fault.Contains("'z'", StringComparison.Ordinal) || fault.Contains("deadline", StringComparison.Ordinal)));

    private static void AssertFault(PlanBuilder plan, string fault) => Assert.Equal([fault], plan.Faults());

    [Fact]
    public void Compile_Transforms_ComeAfterAllSourcesInTheirOrder()
    {
        var plan = _plan.With("transforms", """[ "ratio", "twice" ]""").With("inputs.x", """[ "ratio.value", "twice.value" ]""").Compile();

        Assert.Equal($"{Features}, calendar.is_weekend, calendar.is_night, calendar.hour, calendar.weekday, calendar.day, ratio.value, twice.value".Split(", "), plan.Schema.Names);
        Assert.Equal([("ratio", 11), ("twice", 12)], plan.Transforms.Select(planned => (planned.Transform.Name, planned.Offset)));
        Assert.Equal([1, 2], plan.Transforms[0].Inputs);
        Assert.Equal([11, 8], plan.Transforms[1].Inputs);
    }

    [Fact]
    public void Compile_TransformNotThere_NamesTheWaysToAddIt() => AssertFault(
        _plan.With("transforms", """[ "nowhere" ]"""),
        "predict.transforms[0]: 'nowhere' is not there. Add Inference:Transforms:nowhere, register it with services.AddFeatureTransform, or name one of: ratio, twice.");

    [Fact]
    public void Compile_TransformBeforeWhatItReads_SaysSo() => AssertFault(
        _plan.With("transforms", """[ "twice", "ratio" ]"""),
        "predict.transforms[0]: 'twice' reads 'ratio.value', which is no feature before it. Declare the field, name the source, or move the transform. The features here are: "
        + $"{Features}, calendar.is_weekend, calendar.is_night, calendar.hour, calendar.weekday, calendar.day.");

    [Fact]
    public void Compile_TransformTwice_IsAFault() =>
        AssertFault(_plan.With("transforms", """[ "ratio", "ratio" ]"""), "predict.transforms[1]: 'ratio' stands twice. Remove one.");

    [Fact]
    public void Compile_SourceByCode_IsNamedUnderFeatures() =>
        Assert.Equal("own", _plan.With("features", """[ "spending", "own" ]""").Compile().Sources[1].Source.Name);

    [Theory]
    [InlineData("risk", " There is an external service 'risk': name it under predict.externals.")]
    [InlineData("calendar", " The features of 'calendar' need no naming here.")]
    [InlineData("ratio", " There is a transform 'ratio': name it under predict.transforms.")]
    public void Compile_SourceUnderTheWrongKey_NamesTheRightOne(string name, string told) => AssertFault(
        _plan.With("features", $"""[ "spending", "{name}" ]"""),
        $"predict.features[1]: '{name}' is not configured. Add Inference:FeatureViews:{name}, or name one of: live, own, spending.{told}");
}

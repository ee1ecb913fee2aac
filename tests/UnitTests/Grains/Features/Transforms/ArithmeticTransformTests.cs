using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;

namespace UnitTests.Grains.Features.Transforms;

public sealed class ArithmeticTransformTests
{
    private static readonly string[] Operands = ["request.amount", "spending.mean"];

    [Theory]
    [InlineData("Add", 10)]
    [InlineData("Subtract", 6)]
    [InlineData("Multiply", 16)]
    [InlineData("Divide", 4)]
    public void Compute_Operation_IsDoneOnTheOperands(string operation, double expected) =>
        Assert.Equal(expected, Compute(Of(operation, Operands), FeatureValue.Of(8), FeatureValue.Of(2)));

    [Fact]
    public void Compute_Literal_IsAnOperand() => Assert.Equal(4, Compute(Of("Multiply", ["0.5", "request.amount"]), FeatureValue.Of(8)));

    [Fact]
    public void Compute_MissingOperand_IsNoNumber() => Assert.Equal(double.NaN, Compute(Of("Add", Operands), FeatureValue.Of(8), FeatureValue.Missing));

    [Fact]
    public void Inputs_OperandsOfAllColumns_AreNamedOnce() =>
        Assert.Equal(
            ["request.amount", "spending.mean"],
            new ArithmeticTransform("ratio", new() { Columns = { ["a"] = Of("Divide", Operands), ["b"] = Of("Add", ["spending.mean", "1"]) } }).Inputs);

    [Fact]
    public void Columns_DefaultSet_HasItAsDefault()
    {
        var column = Of("Divide", Operands);
        column.Default = 1;

        Assert.Equal(FeatureValue.Of(1).AsDefault(), Transform(column).Columns[0].Default);
    }

    [Fact]
    public void Constructor_NoOperation_NamesTheSettingAndTheRemedy() =>
        AssertRefused("Inference:Transforms:ratio:Columns:value sets 0 of Add, Subtract, Multiply and Divide. Set one.", new());

    [Fact]
    public void Constructor_TwoOperations_NamesTheSettingAndTheRemedy() =>
        AssertRefused("Inference:Transforms:ratio:Columns:value sets 2 of Add, Subtract, Multiply and Divide. Set one.", new() { Add = Operands, Divide = Operands });

    [Fact]
    public void Constructor_OneOperand_NamesTheSettingAndTheRemedy() =>
        AssertRefused("Inference:Transforms:ratio:Columns:value:Divide is [x.y]. Name two operands: features such as request.amount, or numbers.", Of("Divide", ["x.y"]));

    [Fact]
    public void Constructor_NoColumns_NamesTheSetting() =>
        Assert.Equal(
            "Inference:Transforms:ratio:Columns is empty. List the features that this transform gives.",
            Assert.Throws<InferenceStartupException>(() => new ArithmeticTransform("ratio", new())).Message);

    private static void AssertRefused(string message, ArithmeticOptions column) =>
        Assert.Equal(message, Assert.Throws<InferenceStartupException>(() => Transform(column)).Message);

    private static ArithmeticTransform Transform(ArithmeticOptions column) => new("ratio", new() { Columns = { ["value"] = column } });

    private static ArithmeticOptions Of(string operation, string[] operands) => operation switch
    {
        "Add" => new() { Add = operands },
        "Subtract" => new() { Subtract = operands },
        "Multiply" => new() { Multiply = operands },
        _ => new() { Divide = operands },
    };

    private static double Compute(ArithmeticOptions column, params FeatureValue[] inputs)
    {
        var outputs = new FeatureValue[1];
        Transform(column).Compute(inputs, outputs);
        return outputs[0].Number;
    }
}

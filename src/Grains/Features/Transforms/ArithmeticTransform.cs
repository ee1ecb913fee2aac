using System.Globalization;

namespace OrleansInference.Grains.Features.Transforms;

/// <summary>The transform that <c>Inference:Transforms:{name}</c> describes.</summary>
public sealed class ArithmeticTransform : IFeatureTransform
{
    private readonly Operation[] _operations;

    public ArithmeticTransform(string name, TransformOptions options)
    {
        var section = $"Inference:Transforms:{name}:Columns";
        if (options.Columns.Count == 0) throw new InferenceStartupException($"{section} is empty. List the features that this transform gives.");
        Name = name;
        Columns = [.. options.Columns.Select(column => ToColumn(column.Key, column.Value.Default))];
        _operations = [.. options.Columns.Select(column => Operation.Parse($"{section}:{column.Key}", column.Value))];
        Inputs = [.. _operations.SelectMany(operation => new[] { operation.Left, operation.Right }).Where(operand => operand.Feature is not null).Select(operand => operand.Feature!).Distinct()];
    }

    public string Name { get; }

    public IReadOnlyList<FeatureColumn> Columns { get; }

    public IReadOnlyList<string> Inputs { get; }

    public void Compute(ReadOnlySpan<FeatureValue> inputs, Span<FeatureValue> outputs)
    {
        for (var i = 0; i < outputs.Length; i++)
        {
            var (compute, left, right) = _operations[i];

            // Missing and text are NaN, and so is whatever they take part in.
            outputs[i] = FeatureValue.Of(compute(Read(left, inputs), Read(right, inputs)));
        }
    }

    private static FeatureColumn ToColumn(string name, double? value) =>
        new(name, FeatureType.Number, name, value is { } number ? FeatureValue.Of(number).AsDefault() : FeatureValue.Missing);

    private double Read(Operand operand, ReadOnlySpan<FeatureValue> inputs)
    {
        if (operand.Feature is null) return operand.Number;
        for (var i = 0; i < inputs.Length; i++)
        {
            if (Inputs[i] == operand.Feature) return inputs[i].Number;
        }

        return double.NaN;
    }

    private readonly record struct Operand(string? Feature, double Number)
    {
        public static Operand Parse(string text) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? new(null, number) : new(text, double.NaN);
    }

    private sealed record Operation(Func<double, double, double> Compute, Operand Left, Operand Right)
    {
        public static Operation Parse(string section, ArithmeticOptions options)
        {
            (string Name, string[]? Operands, Func<double, double, double> Compute)[] all =
            [
                (nameof(options.Add), options.Add, (left, right) => left + right),
                (nameof(options.Subtract), options.Subtract, (left, right) => left - right),
                (nameof(options.Multiply), options.Multiply, (left, right) => left * right),
                (nameof(options.Divide), options.Divide, (left, right) => left / right),
            ];
            var set = all.Where(operation => operation.Operands is not null).ToArray();
            if (set is not [var (name, operands, compute)])
                throw new InferenceStartupException($"{section} sets {set.Length} of Add, Subtract, Multiply and Divide. Set one.");
            return operands is [{ Length: > 0 } left, { Length: > 0 } right]
                ? new Operation(compute, Operand.Parse(left), Operand.Parse(right))
                : throw new InferenceStartupException($"{section}:{name} is [{string.Join(", ", operands!)}]. Name two operands: features such as request.amount, or numbers.");
        }
    }
}

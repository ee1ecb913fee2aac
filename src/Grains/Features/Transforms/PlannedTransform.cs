namespace OrleansInference.Grains.Features.Transforms;

/// <summary>A transform in a plan: where its inputs stand among the features, and where its outputs go.</summary>
public sealed record PlannedTransform(IFeatureTransform Transform, int[] Inputs, int Offset)
{
    /// <summary>Computes the outputs from what stands before them.</summary>
    /// <exception cref="InferenceException">ModelFailed: the code threw, or gave a text for a number.</exception>
    public void Apply(FeatureValue[] values)
    {
        var inputs = Array.ConvertAll(Inputs, index => values[index]);
        var outputs = values.AsSpan(Offset, Transform.Columns.Count);
        outputs.Fill(FeatureValue.Missing);
        Compute(inputs, outputs);

        var status = WeakestOf(inputs);
        for (var i = 0; i < outputs.Length; i++) outputs[i] = Check(Transform.Columns[i], outputs[i], status);
    }

    private void Compute(ReadOnlySpan<FeatureValue> inputs, Span<FeatureValue> outputs)
    {
        try
        {
            Transform.Compute(inputs, outputs);
        }
        catch (Exception e)
        {
            throw new InferenceException(InferenceErrorCode.ModelFailed, $"The transform {Transform.Name} failed: {e.Message} Correct its code, or the features that it reads.");
        }
    }

    private FeatureValue Check(FeatureColumn column, FeatureValue value, FeatureStatus status)
    {
        if (value.IsMissing || value.Type is FeatureType.Number && !double.IsFinite(value.Number)) return column.Default;
        if (value.Type != column.Type)
            throw new InferenceException(InferenceErrorCode.ModelFailed, $"The transform {Transform.Name} gave {value.Type} for {column.Name}, which is {column.Type}. Correct its code.");
        return value.Status is FeatureStatus.Fresh ? value with { Status = status } : value;
    }

    // What is made of a stale or made-up value is no better than it.
    private static FeatureStatus WeakestOf(FeatureValue[] inputs)
    {
        foreach (var status in (ReadOnlySpan<FeatureStatus>)[FeatureStatus.Default, FeatureStatus.Stale, FeatureStatus.Approximate, FeatureStatus.Overridden])
        {
            if (Array.Exists(inputs, input => input.Status == status)) return status;
        }

        return FeatureStatus.Fresh;
    }
}

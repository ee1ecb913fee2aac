namespace OrleansInference.Grains.Models.Planning;

/// <summary>Where the answer's number stands in the model's outputs.</summary>
public sealed record PlannedOutput(string Model, string Name, int Index)
{
    /// <summary>Datatypes that can be an answer.</summary>
    public static readonly IReadOnlyList<TensorDatatype> Supported =
        [TensorDatatype.FP32, TensorDatatype.FP64, TensorDatatype.INT64, TensorDatatype.INT32, TensorDatatype.BOOL];

    /// <exception cref="InferenceException">The model gave too few elements, or one that is not a finite number.</exception>
    public double Read(IReadOnlyList<Tensor> outputs)
    {
        var output = Find(outputs);
        var number = output.Datatype switch
        {
            TensorDatatype.FP32 => At(output.Elements<float>()),
            TensorDatatype.FP64 => At(output.Elements<double>()),
            TensorDatatype.INT64 => At(output.Elements<long>()),
            TensorDatatype.INT32 => At(output.Elements<int>()),
            _ => At(output.Elements<byte>()),
        };
        return double.IsFinite(number)
            ? number
            : throw new InferenceException(InferenceErrorCode.ModelFailed, $"Model {Model} answered {number} in '{Name}', which is not a finite number. Check the model for this input.");
    }

    private Tensor Find(IReadOnlyList<Tensor> outputs)
    {
        for (var i = 0; i < outputs.Count; i++)
        {
            if (outputs[i].Name == Name) return outputs[i];
        }

        throw new InferenceException(InferenceErrorCode.ModelFailed, $"Model {Model} gave no output '{Name}'.");
    }

    private double At<T>(ReadOnlySpan<T> elements)
        where T : struct, System.Numerics.INumberBase<T> =>
        Index < elements.Length
            ? double.CreateChecked(elements[Index])
            : throw new InferenceException(InferenceErrorCode.ModelFailed, $"Model {Model} gave {elements.Length} elements in '{Name}', but response.prediction.index is {Index}.");
}

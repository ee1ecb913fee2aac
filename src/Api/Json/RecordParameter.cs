namespace OrleansInference.Api.Json;

/// <summary>The parameter <c>record</c>: with <c>false</c> a prediction is a mere question, which leaves no trace.</summary>
internal static class RecordParameter
{
    private const string Name = "record";

    /// <exception cref="InferenceException">InvalidInput: neither true nor false.</exception>
    public static PredictionRequest Apply(IQueryCollection query, PredictionRequest request) => query[Name].ToString() switch
    {
        "" or "true" => request,
        "false" => request with { Unrecorded = true },
        var other => throw InferenceException.InvalidInput(new FieldError(Name, "must be true or false", ((RequestValue)other).ToDisplay())),
    };
}

namespace OrleansInference.Api.Json;

/// <summary>What is said of the instances of a batch that could not be read.</summary>
/// <remarks>The others are predicted and recorded by then: nothing that happens here may cost the caller their answers.</remarks>
internal sealed class MalformedInstances(IInferenceClient client)
{
    private bool _unanswered;

    /// <summary>The reader's faults and those that the model adds; the reader's alone where the model cannot be asked.</summary>
    public async ValueTask<InferenceException> ToFailureAsync(PredictionRequest request, IReadOnlyList<FieldError> faults)
    {
        // Of one model all: whoever waited for it once in vain would wait for each.
        if (_unanswered) return InferenceException.InvalidInput(faults);
        try
        {
            return await PredictionRequestReader.ToFailureAsync(request, faults, client);
        }
        catch (Exception)
        {
            // An unknown or unloaded model, a silo that has gone: the valid instances tell.
            _unanswered = true;
            return InferenceException.InvalidInput(faults);
        }
    }
}

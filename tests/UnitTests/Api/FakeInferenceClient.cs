using OrleansInference;

namespace UnitTests.Api;

/// <summary>A client that finds the given faults in every request.</summary>
internal sealed class FakeInferenceClient(params FieldError[] faults) : IInferenceClient
{
    public PredictionRequest? Validated { get; private set; }

    public Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request)
    {
        Validated = request;
        return Task.FromResult<IReadOnlyList<FieldError>>(faults);
    }

    public Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<UserState> GetUserAsync(string userId) => throw new NotSupportedException();
}

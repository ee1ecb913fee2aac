using OrleansInference;
using OrleansInference.Grains.Models.Ensembles;
using OrleansInference.Grains.Models.Sessions;

namespace UnitTests.Fakes;

/// <summary>Models with one input x and one output y of FP32 [-1, 1], unless declared otherwise; each does what the test asks.</summary>
internal sealed class FakeStepModels : IStepModels
{
    private readonly Dictionary<string, (StepModel Model, Func<InferenceRequest, CancellationToken, Task<InferenceResponse>> Infer)> _models = [];
    private readonly Dictionary<string, string[]> _steps = [];
    private readonly List<(string Model, InferenceRequest Request)> _calls = [];

    /// <summary>Every call of a step, in order.</summary>
    public IReadOnlyList<(string Model, InferenceRequest Request)> Calls
    {
        get
        {
            lock (_calls) return [.. _calls];
        }
    }

    /// <summary>A model that computes each y of an x.</summary>
    public FakeStepModels With(string name, Func<float, float> compute) =>
        With(name, (request, _) => Task.FromResult(Answer(request, compute)));

    public FakeStepModels With(string name, Func<InferenceRequest, CancellationToken, Task<InferenceResponse>> infer) =>
        With(name, Metadata([Float("x")], [Float("y")]), infer);

    public FakeStepModels With(string name, ModelMetadata metadata, Func<InferenceRequest, CancellationToken, Task<InferenceResponse>>? infer = null, int maxBatchSize = 64)
    {
        _models[name] = (new StepModel(metadata, maxBatchSize, 1, ""), infer ?? ((request, _) => Task.FromResult(Answer(request, x => x))));
        return this;
    }

    public static ModelMetadata Metadata(TensorMetadata[] inputs, TensorMetadata[] outputs) => new(inputs, outputs);

    public static TensorMetadata Float(string name, params long[] shape) => new(name, TensorDatatype.FP32, shape.Length == 0 ? [-1, 1] : shape);

    /// <summary>The first input's elements, computed, as y.</summary>
    public static InferenceResponse Answer(InferenceRequest request, Func<float, float> compute)
    {
        var input = request.Inputs[0];
        float[] values = [.. input.Elements<float>().ToArray().Select(compute)];
        return new InferenceResponse { Version = 1, Outputs = [Tensor.Create<float>("y", TensorDatatype.FP32, input.Shape, values)] };
    }

    /// <summary>Says that a model is an ensemble of others.</summary>
    public FakeStepModels WithSteps(string name, params string[] steps)
    {
        _steps[name] = steps;
        return this;
    }

    public IReadOnlyList<string> StepsOf(string model) => _steps.GetValueOrDefault(model) ?? [];

    public Task<StepModel> FindAsync(string model, string? version, StepModel? known) => version is null or "1" or "stable" && _models.TryGetValue(model, out var found)
        ? Task.FromResult(found.Model)
        : throw new InferenceException(InferenceErrorCode.NotFound, $"There is no '{model}/{version}'. Served here: {string.Join(", ", _models.Keys.Order())}.");

    public Task<InferenceResponse> InferAsync(EnsembleStep step, InferenceRequest request, CancellationToken cancellationToken)
    {
        var model = step.Model;
        lock (_calls) _calls.Add((model, request));
        return _models.TryGetValue(model, out var found)
            ? found.Infer(request, cancellationToken)
            : throw new InferenceException(InferenceErrorCode.NotFound, $"There is no model '{model}'.");
    }

    public bool Has(string model) => _models.ContainsKey(model);

    public void Remove(string model) => _models.Remove(model);
}

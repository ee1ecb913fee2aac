using System.Globalization;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Routing;

namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>Scores what a prediction was made from once more, by the same or another version.</summary>
internal sealed class PredictionReplay(ModelCatalog models)
{
    /// <param name="record">The prediction.</param>
    /// <param name="version">A version's number or label; null for the recorded one.</param>
    /// <param name="priority">Who waits for it.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="InferenceException">NotFound: the version is served no more. InvalidInput: the record lacks what the manifest asks for now.</exception>
    public async Task<ReplayedPrediction> ReplayAsync(PredictionRecord record, string? version, InferencePriority priority, CancellationToken cancellationToken)
    {
        var body = PredictionBody.Decode(record.Body);
        var model = await models.AcquirePredictingAsync(record.Model, cancellationToken);
        try
        {
            var served = Unwatched(model.Version(version ?? record.Version.ToString(CultureInfo.InvariantCulture)));
            var response = await served.InferAsync(new InferenceRequest { Inputs = ToInputs(model.Plan!, record, body), Priority = priority }, cancellationToken);
            var value = model.Plan!.Output.Read(response.Outputs);
            return new ReplayedPrediction
            {
                PredictionId = record.Id,
                Model = record.Model,
                RecordedVersion = record.Version,
                RecordedValue = body.Prediction,
                Version = response.Version,
                Value = value,
                BitEqual = body.Outputs is { } outputs ? AreEqual(outputs, response.Outputs) : value.Equals(body.Prediction),
            };
        }
        finally
        {
            model.Release();
        }
    }

    // What was asked once already says nothing of how a canary does now, and an answer from the cache would be no replay.
    private static IServedVersion Unwatched(LoadedVersion version) => version.Served is RolloutVersion { Unwatched: var unwatched } ? unwatched : version.Served;

    // By name: the manifest may have gained sources since, as long as the model's inputs are all in the record.
    private static Tensor[] ToInputs(PredictPlan plan, PredictionRecord record, PredictionBody body)
    {
        var recorded = record.Schema.Names.Zip(body.Features).ToDictionary(feature => feature.First, feature => feature.Second.Value);
        var lacking = plan.Inputs.SelectMany(input => input.Features).Select(index => plan.Schema.Names[index]).Where(name => !recorded.ContainsKey(name)).Distinct().ToArray();
        if (lacking.Length > 0)
            throw InferenceException.InvalidInput([.. lacking.Select(name => new FieldError(name, "is an input of the model by its present manifest, and the record does not have it; replay under the manifest of that time", null))]);
        var values = plan.Schema.Names.Select(name => recorded.GetValueOrDefault(name, FeatureValue.Missing)).ToArray();
        return [.. plan.Inputs.Select(input => input.ToTensor(values))];
    }

    private static bool AreEqual(IReadOnlyList<Tensor> recorded, IReadOnlyList<Tensor> replayed) =>
        recorded.Count == replayed.Count && recorded.Zip(replayed).All(pair =>
            pair.First.Name == pair.Second.Name && pair.First.Shape.SequenceEqual(pair.Second.Shape) && pair.First.Data.AsSpan().SequenceEqual(pair.Second.Data));
}

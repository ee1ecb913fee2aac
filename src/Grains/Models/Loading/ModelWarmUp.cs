using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Loading;

/// <summary>Runs a version before it serves, so that no caller pays for what a first run allocates.</summary>
internal sealed partial class ModelWarmUp(ILogger<ModelWarmUp> logger)
{
    // A tensor that only warms up must not be what takes the memory.
    private const long MaxElements = 4_000_000;

    /// <summary>Runs the manifest's sample requests, or generated ones.</summary>
    /// <exception cref="InferenceStartupException">A sample request cannot be answered. That a generated one cannot says nothing: the model may not take such values.</exception>
    public async Task RunAsync(string model, IServedVersion version, IReadOnlyList<WarmUpSection>? samples, ManifestFaults? faults, CancellationToken cancellationToken)
    {
        if (samples is not null) await RunSamplesAsync(version, samples, faults!, cancellationToken);
        else await RunGeneratedAsync(model, version, cancellationToken);
    }

    /// <summary>Runs the largest batch on the calling thread: the inference threads are the callers' of other models.</summary>
    public static void RunLargestBatch(IModelSession session, int maxBatchSize)
    {
        if (!session.Metadata.IsBatchable || maxBatchSize < 2 || Elements(session.Metadata, maxBatchSize) > MaxElements) return;
        try
        {
            session.Run(Generate(session.Metadata, maxBatchSize, one: false).Inputs, CancellationToken.None);
        }
        catch (InferenceException)
        {
            // The model may not take such values, which says nothing of those that callers send.
        }
    }

    private static async Task RunSamplesAsync(IServedVersion version, IReadOnlyList<WarmUpSection> samples, ManifestFaults faults, CancellationToken cancellationToken)
    {
        for (var i = 0; i < samples.Count; i++)
        {
            var request = WarmUpRequest.Read($"warmUp[{i}]", samples[i], version, faults);
            faults.ThrowIfAny();
            try
            {
                await version.WarmUpAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (InferenceException e)
            {
                faults.Add($"warmUp[{i}]", $"version {version.Version} cannot answer it: {e.Message} Correct the request, or the model.");
                faults.ThrowIfAny();
            }
        }
    }

    private async Task RunGeneratedAsync(string model, IServedVersion version, CancellationToken cancellationToken)
    {
        try
        {
            await version.WarmUpAsync(Generate(version.Metadata, rows: 1, one: true), cancellationToken).ConfigureAwait(false);
        }
        catch (InferenceException e)
        {
            LogGeneratedFailed(model, version.Version, e.Message);
        }
    }

    private static InferenceRequest Generate(ModelMetadata metadata, long rows, bool one) => new()
    {
        Inputs = [.. metadata.Inputs.Select(input => WarmUpRequest.Fill(input, Shape(input, rows), one))],
        Priority = InferencePriority.Bulk,
    };

    // A dimension of any size is 1, but for the batch.
    private static long[] Shape(TensorMetadata input, long rows) => [.. input.Shape.Select((dimension, i) => dimension >= 0 ? dimension : i == 0 ? rows : 1)];

    private static double Elements(ModelMetadata metadata, long rows) =>
        metadata.Inputs.Sum(input => Shape(input, rows).Aggregate(1d, (product, dimension) => product * dimension));

    [LoggerMessage(EventIds.WarmUpFailed, LogLevel.Debug, "Model {ModelName}/{ModelVersion} does not answer generated requests, so its first callers warm it up: {Reason} Sample requests under warmUp in its manifest help")]
    private partial void LogGeneratedFailed(string modelName, int modelVersion, string reason);
}

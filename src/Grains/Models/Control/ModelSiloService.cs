using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.Models.Residency;

namespace OrleansInference.Grains.Models.Control;

/// <summary>Has this silo's models follow their control grains.</summary>
internal sealed class ModelSiloService(
    GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggers, ModelEntries entries, ModelUpdater updater, IModelRepository repository)
    : GrainService(id, silo, loggers), IModelSiloService
{
    public async Task<string?> ApplyAsync(string model, ModelControlState control, bool read)
    {
        try
        {
            // The folder may have come since the last look.
            if (read) await Task.Run(repository.Refresh);
            var entry = entries.Find(model) ?? (await Task.Run(() => repository.Fingerprint(model)) is null ? null : entries.GetOrAdd(model));
            if (entry is null) return $"The silo's model repository has no folder {model}.";
            await updater.ApplyAsync(entry, control, read);
            return null;
        }
        catch (InferenceStartupException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException)
        {
            return "No place in memory came free in time (Inference:Models:MaxLoadedModels).";
        }
    }
}

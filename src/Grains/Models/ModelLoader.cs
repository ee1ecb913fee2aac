using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Grains.Models;

/// <summary>Brings a stored model into memory: sessions, scheduler, manifest, plan.</summary>
internal sealed partial class ModelLoader(
    IModelSessionFactory sessions,
    InferenceSchedulers schedulers,
    FeatureSources sources,
    WebhookTargets targets,
    IOptions<ModelServingOptions> options,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<ModelLoader> logger)
{
    /// <exception cref="InferenceStartupException">The manifest or a version is broken: file, line, key and remedy.</exception>
    public ServedModel Load(StoredModel stored)
    {
        var (manifest, faults) = stored.ManifestFile is { } file
            ? ManifestReader.Read(file, File.ReadAllBytes(file))
            : (new ModelManifest(), null);
        var defaultVersion = DefaultVersion(stored, manifest, faults);
        faults?.ThrowIfAny();

        var versions = LoadVersions(stored);
        try
        {
            return new ServedModel(stored.Name, CompilePlan(stored, manifest, faults, versions), versions, defaultVersion);
        }
        catch
        {
            foreach (var version in versions.Values) version.Dispose();
            throw;
        }
    }

    private static int DefaultVersion(StoredModel stored, ModelManifest manifest, ManifestFaults? faults)
    {
        var version = manifest.Versions?.Default ?? stored.Versions.Keys.Max();
        if (!stored.Versions.ContainsKey(version))
            faults?.Add("versions.default", $"there is no version {version}. Add its folder, or name one of: {string.Join(", ", stored.Versions.Keys)}.");
        return version;
    }

    private SortedDictionary<int, ServedModelVersion> LoadVersions(StoredModel stored)
    {
        var scheduler = schedulers.Create();
        var batching = new BatchingOptions { MaxQueueLength = options.Value.MaxQueueLength };
        var versions = new SortedDictionary<int, ServedModelVersion>();
        foreach (var (version, file) in stored.Versions)
        {
            var startedAt = time.GetTimestamp();
            var session = sessions.Load(file);
            versions.Add(version, new ServedModelVersion(stored.Name, version, session, scheduler, batching, time, instruments, logger));
            LogModelLoaded(stored.Name, version, time.GetElapsedTime(startedAt).TotalMilliseconds);
        }

        return versions;
    }

    private PredictPlan? CompilePlan(StoredModel stored, ModelManifest manifest, ManifestFaults? faults, SortedDictionary<int, ServedModelVersion> versions) =>
        manifest.Predict is null
            ? null
            : new PlanCompiler(stored.Name, manifest.Predict, faults!, sources, targets).Compile(versions.ToDictionary(v => v.Key, v => v.Value.Metadata));

    [LoggerMessage(EventIds.ModelLoaded, LogLevel.Information, "Model {ModelName}/{ModelVersion} loaded in {DurationMs:F0} ms")]
    private partial void LogModelLoaded(string modelName, int modelVersion, double durationMs);
}

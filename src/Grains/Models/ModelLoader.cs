using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Loading;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Grains.Models;

/// <summary>Brings a stored model into memory, warm: manifest, versions, plan.</summary>
internal sealed partial class ModelLoader(
    IVersionFactory factory,
    ModelWarmUp warmUp,
    FeatureSources sources,
    WebhookTargets targets,
    IOptions<ModelServingOptions> options,
    TimeProvider time,
    ILogger<ModelLoader> logger)
{
    /// <summary>The model as it is stored now; versions whose files and batching are those of <paramref name="previous"/> are taken over from it.</summary>
    /// <exception cref="InferenceStartupException">The manifest or a version is broken: file, line, key and remedy. Nothing stays in memory.</exception>
    public async Task<ServedModel> LoadAsync(
        StoredModel stored, ModelControlState control, ServedModel? previous, TaskScheduler scheduler, CancellationToken cancellationToken)
    {
        var (manifest, faults) = stored.ManifestFile is { } file
            ? ManifestReader.Read(file, await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false))
            : (new ModelManifest(), null);
        if (stored.Versions.Count == 0)
            throw new InferenceStartupException($"{stored.ManifestFile}: the model has no version. Add {Path.Combine(stored.Folder, "1", "model.onnx")}, or remove the folder.");
        var selected = SelectedVersions.Of(stored, manifest.Versions, faults);
        var batching = BatchingSection.ToOptions(manifest.Batching, options.Value.MaxQueueLength, faults);
        faults?.ThrowIfAny();

        var versions = new SortedDictionary<int, LoadedVersion>();
        try
        {
            foreach (var version in selected.Versions)
                versions.Add(version, Reuse(stored, version, manifest, batching, previous) ?? await LoadVersionAsync(stored, version, manifest, batching, scheduler).ConfigureAwait(false));
            var model = new ServedModel
            {
                Name = stored.Name,
                Manifest = manifest,
                Plan = CompilePlan(stored, manifest, faults, versions),
                Versions = versions,
                DefaultVersion = selected.Default,
                Labels = selected.Labels,
                Batching = batching,
                Control = control,
            };
            foreach (var version in versions.Values.Where(version => !IsFrom(previous, version)))
                await warmUp.RunAsync(stored.Name, version.Served, manifest.WarmUp, faults, cancellationToken).ConfigureAwait(false);
            return model;
        }
        catch
        {
            await Task.WhenAll(versions.Values.Where(version => !IsFrom(previous, version)).Select(version => version.Served.RetireAsync())).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The same versions under another agreement of the cluster's.</summary>
    public static ServedModel Rebuild(ServedModel model, ModelControlState control) => new()
    {
        Name = model.Name,
        Manifest = model.Manifest,
        Plan = model.Plan,
        Versions = model.Versions,
        DefaultVersion = model.DefaultVersion,
        Labels = model.Labels,
        Batching = model.Batching,
        Control = control,
    };

    private static LoadedVersion? Reuse(StoredModel stored, int version, ModelManifest manifest, BatchingOptions batching, ServedModel? previous)
    {
        if (previous?.Versions.GetValueOrDefault(version) is not { } loaded) return null;
        if (loaded.Fingerprint != stored.Versions[version].Fingerprint || loaded.Batching != batching) return null;

        // A digest may have come into the manifest since.
        ThrowIfOther(stored, version, manifest);
        return loaded;
    }

    private static void ThrowIfOther(StoredModel stored, int version, ModelManifest manifest) =>
        FileDigest.ThrowIfOther(stored.Versions[version].File, manifest.Versions?.Sha256?.GetValueOrDefault(version.ToString(CultureInfo.InvariantCulture)));

    private static bool IsFrom(ServedModel? previous, LoadedVersion version) =>
        previous is not null && previous.Versions.TryGetValue(version.Served.Version, out var loaded) && ReferenceEquals(loaded, version);

    private async Task<LoadedVersion> LoadVersionAsync(StoredModel stored, int version, ModelManifest manifest, BatchingOptions batching, TaskScheduler scheduler)
    {
        var startedAt = time.GetTimestamp();
        var (file, fingerprint) = stored.Versions[version];

        // Reading and optimising a model takes its time: a thread of its own, not one of the pool that grains share.
        var served = await Task.Factory.StartNew(
            () =>
            {
                ThrowIfOther(stored, version, manifest);
                return factory.Load(stored.Name, version, file, batching, scheduler);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
        LogModelLoaded(stored.Name, version, time.GetElapsedTime(startedAt).TotalMilliseconds);
        return new LoadedVersion(served, fingerprint, batching);
    }

    private PredictPlan? CompilePlan(StoredModel stored, ModelManifest manifest, ManifestFaults? faults, SortedDictionary<int, LoadedVersion> versions) =>
        manifest.Predict is null
            ? null
            : new PlanCompiler(stored.Name, manifest.Predict, faults!, sources, targets).Compile(versions.ToDictionary(v => v.Key, v => v.Value.Served.Metadata));

    [LoggerMessage(EventIds.ModelLoaded, LogLevel.Information, "Model {ModelName}/{ModelVersion} loaded in {DurationMs:F0} ms")]
    private partial void LogModelLoaded(string modelName, int modelVersion, double durationMs);
}

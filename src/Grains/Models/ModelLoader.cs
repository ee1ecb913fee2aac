using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Caching;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Ensembles;
using OrleansInference.Grains.Models.Loading;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.Models.Routing;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Models;

/// <summary>Brings a stored model into memory, warm: manifest, versions, plan.</summary>
internal sealed partial class ModelLoader(
    IVersionFactory factory,
    ModelWarmUp warmUp,
    ModelRollouts rollouts,
    IStepModels steps,
    FeatureSources sources,
    WebhookTargets targets,
    IOptions<ModelServingOptions> options,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<ModelLoader> logger)
{
    /// <summary>The model as it is stored now; versions whose files and batching are those of <paramref name="previous"/> are taken over from it.</summary>
    /// <exception cref="InferenceStartupException">The manifest or a version is broken: file, line, key and remedy. Nothing stays in memory.</exception>
    public async Task<ServedModel> LoadAsync(
        StoredModel stored, ModelControlState control, ServedModel? previous, TaskScheduler scheduler, CancellationToken cancellationToken)
    {
        var text = stored.ManifestFile is { } file ? await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false) : null;
        var (manifest, faults) = text is null ? (new ModelManifest(), null) : ManifestReader.Read(stored.ManifestFile!, text);
        if (manifest.Ensemble is not null) return await LoadEnsembleAsync(stored, text!, control, previous, cancellationToken).ConfigureAwait(false);
        var cache = CacheOf(manifest, faults);
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
            model.Rollout = rollouts.Create(model, previous, cache);
            return model;
        }
        catch
        {
            await Task.WhenAll(versions.Values.Where(version => !IsFrom(previous, version)).Select(version => version.Served.RetireAsync())).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>An ensemble's manifest as it was read, planned for what its steps' models are now.</summary>
    /// <exception cref="InferenceStartupException">They no longer fit: file, line, key and remedy.</exception>
    public Task<ServedModel> ReplanAsync(ServedModel model, CancellationToken cancellationToken) =>
        LoadEnsembleAsync(model.Ensemble!.Stored, model.Ensemble.Manifest, model.Control, model, cancellationToken);

    /// <summary>The same versions under another agreement of the cluster's.</summary>
    public ServedModel Rebuild(ServedModel model, ModelControlState control)
    {
        var next = new ServedModel
        {
            Name = model.Name,
            Manifest = model.Manifest,
            Plan = model.Plan,
            Versions = model.Versions,
            DefaultVersion = model.DefaultVersion,
            Labels = model.Labels,
            Batching = model.Batching,
            Ensemble = model.Ensemble,
            Control = control,
        };
        next.Rollout = rollouts.Create(next, model, model.Rollout?.Cache?.Options);
        return next;
    }

    // Its steps' models are loaded by then; it holds none of them, and has nothing of its own to warm up.
    private async Task<ServedModel> LoadEnsembleAsync(StoredModel stored, byte[] text, ModelControlState control, ServedModel? previous, CancellationToken cancellationToken)
    {
        var (manifest, faults) = ManifestReader.Read(stored.ManifestFile!, text);
        var cache = CacheOf(manifest, faults);
        if (stored.Versions.Count > 0) faults.Add("ensemble", $"the folder holds versions too: {string.Join(", ", stored.Versions.Keys)}. Remove them, or the ensemble.");
        if (manifest.Versions is not null) faults.Add("versions", "an ensemble has one version, 1. Remove the section; its steps can name versions.");
        if (manifest.Batching is not null) faults.Add("batching", "an ensemble's requests are joined at each step, by the batching of the step's model. Remove the section.");
        var plan = await new EnsembleCompiler(stored.Name, manifest.Ensemble!, faults, steps, previous?.Ensemble?.Plan).CompileAsync().ConfigureAwait(false);
        var (loaded, ensemble) = (new LoadedEnsemble(plan, stored, text), new EnsembleVersion(plan, steps, time));
        var versions = new SortedDictionary<int, LoadedVersion>
        {
            [EnsembleVersion.OnlyVersion] = new(new RolloutVersion(stored.Name, ensemble, ensemble, time, instruments), loaded.Fingerprint, new BatchingOptions()),
        };
        var model = new ServedModel
        {
            Name = stored.Name,
            Manifest = manifest,
            Plan = CompilePlan(stored, manifest, faults, versions),
            Versions = versions,
            DefaultVersion = EnsembleVersion.OnlyVersion,
            Labels = new Dictionary<string, int>(),
            Batching = new BatchingOptions(),
            Ensemble = loaded,
            Control = control,
        };
        if (manifest.WarmUp is not null) await warmUp.RunAsync(stored.Name, ensemble, manifest.WarmUp, faults, cancellationToken).ConfigureAwait(false);
        model.Rollout = rollouts.Create(model, previous, cache);
        return model;
    }

    private static PredictionCacheOptions? CacheOf(ModelManifest manifest, ManifestFaults? faults) =>
        manifest.Cache is null ? null : PredictionCacheOptions.From(manifest.Cache, faults!);

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

        // Reading and optimising a model takes its time: a thread of its own, not one of the pool that grains share, and behind
        // the callers of other models where the cores are short.
        var served = await Task.Factory.StartNew(
            () =>
            {
                ThreadNiceness.GiveWay();
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

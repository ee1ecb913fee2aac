using System.Globalization;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Ensembles;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Routing;

namespace OrleansInference.Grains.Models;

/// <summary>One state of a model that serves: its versions in memory, what its manifest says of them, and the plan of a prediction that fits them all.</summary>
/// <remarks>
/// Immutable but for its holders: a change makes another one. Promises: whoever holds it can run any of its versions to the end,
/// also after another state has taken its place; when it has been retired and the last holder has gone, <see cref="Drained"/>
/// completes.
/// </remarks>
internal sealed class ServedModel
{
    private static long _generations;

    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The catalog's own hold is the first; at zero nobody can come in again.
    private int _holders = 1;

    public required string Name { get; init; }

    public required ModelManifest Manifest { get; init; }

    /// <summary>Null where the model takes tensors only.</summary>
    public required PredictPlan? Plan { get; init; }

    /// <summary>What serves, by number.</summary>
    public required IReadOnlyDictionary<int, LoadedVersion> Versions { get; init; }

    public required int DefaultVersion { get; init; }

    public required IReadOnlyDictionary<string, int> Labels { get; init; }

    public required BatchingOptions Batching { get; init; }

    /// <summary>Null where the model has files of its own.</summary>
    public LoadedEnsemble? Ensemble { get; init; }

    public required ModelControlState Control { get; init; }

    /// <summary>How the versions share the requests. Set before the state serves; null sends all to the default.</summary>
    public ModelRollout? Rollout { get; set; }

    /// <summary>Tells this state from every other on the silo; see <see cref="InferenceRequest.Generation"/>.</summary>
    public long Generation { get; } = Interlocked.Increment(ref _generations);

    /// <summary>Completes when the model is retired and nobody holds it.</summary>
    public Task Drained => _drained.Task;

    public bool IsIdle => Volatile.Read(ref _holders) <= 1;

    /// <summary>The manifest's canary with the share that holds; null where there is none or it was demoted.</summary>
    public CanarySection? Canary => Manifest.Versions?.Canary is { } canary && !Control.IsDemoted(canary.Version)
        ? canary with { Percent = Control.CanaryPercent ?? canary.Percent }
        : null;

    /// <summary>Holds the model; false once it is drained, and the caller looks for its successor.</summary>
    public bool TryHold()
    {
        var holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            var seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders) return true;
            holders = seen;
        }

        return false;
    }

    /// <summary>Lets go of a held model.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0) _drained.TrySetResult();
    }

    /// <summary>Runs the version that the request asks for. The caller holds the model.</summary>
    public Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        if (request.Version is not null) return InferPinnedAsync(Version(request.Version).Served, request, cancellationToken);
        return Rollout?.InferAsync(request, cancellationToken) ?? Versions[DefaultVersion].Served.InferAsync(request, cancellationToken);
    }

    /// <summary>A version by number or label; the default for null.</summary>
    /// <exception cref="InferenceException">NotFound, naming what is served.</exception>
    public LoadedVersion Version(string? version) => FindVersion(version) ?? throw new InferenceException(
        InferenceErrorCode.NotFound, $"Model {Name} has no version '{FieldError.Quote(version!)}'. It serves: {string.Join(", ", Versions.Keys.Order().Select(Text).Concat(Labels.Keys.Order(StringComparer.Ordinal)))}.");

    /// <summary>A version by number or label, or the default; null where it does not serve.</summary>
    public LoadedVersion? FindVersion(string? version)
    {
        if (version is null) return Versions[DefaultVersion];
        if (!int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && !Labels.TryGetValue(version, out number)) return null;
        return Versions.GetValueOrDefault(number);
    }

    /// <summary>The version that a routing key, such as a user's, sees.</summary>
    public UserVariant VariantFor(string routingKey) => Rollout is { Canary: { } canary } && canary.Takes(routingKey)
        ? new UserVariant(Name, canary.Version, ModelVariant.Canary)
        : new UserVariant(Name, DefaultVersion, ModelVariant.Default);

    private static async Task<InferenceResponse> InferPinnedAsync(IServedVersion version, InferenceRequest request, CancellationToken cancellationToken) =>
        await version.InferAsync(request, cancellationToken) with { Variant = ModelVariant.Pinned };

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A version in memory, and what it was made from.</summary>
/// <param name="Served">Answers.</param>
/// <param name="Fingerprint">Its files when they were read.</param>
/// <param name="Batching">How it joins requests.</param>
internal sealed record LoadedVersion(IServedVersion Served, string Fingerprint, BatchingOptions Batching);

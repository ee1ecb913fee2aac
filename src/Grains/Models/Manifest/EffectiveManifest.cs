using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OrleansInference.Grains.Models.Manifest;

/// <summary>A manifest as it is in effect: what its author left out is filled in.</summary>
internal static class EffectiveManifest
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string ToJson(ServedModel model)
    {
        var manifest = model.Manifest with
        {
            Versions = (model.Manifest.Versions ?? new VersionsSection()) with
            {
                Default = model.DefaultVersion,
                NumVersions = model.Manifest.Versions is { Policy: VersionsSection.Latest } latest ? latest.NumVersions ?? 1 : null,
                Labels = model.Labels,

                // With the share that the cluster has agreed on; a demoted one is in nobody's way any more.
                Canary = model.Canary,
            },
            Batching = new BatchingSection
            {
                MaxBatchSize = model.Batching.MaxBatchSize,
                MaxQueueDelay = model.Batching.MaxQueueDelay,
                MaxQueueLength = model.Batching.MaxQueueLength,
            },
            Cache = model.Rollout?.Cache?.Options is { } cache ? new CacheSection { MaxEntries = cache.MaxEntries, Ttl = cache.Ttl } : null,
        };

        // An ensemble's steps choose and batch their versions by their own manifests.
        if (manifest.Ensemble is not null) manifest = manifest with { Versions = null, Batching = null };
        var json = new JsonObject { ["name"] = model.Name };
        foreach (var (key, value) in JsonSerializer.SerializeToNode(manifest, Options)!.AsObject().ToArray()) json[key] = value?.DeepClone();
        return json.ToJsonString(Options);
    }
}

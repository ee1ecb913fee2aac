using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.Models.Residency;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Erasure;
using OrleansInference.Grains.PostProcessing.Feedback;
using OrleansInference.Grains.PostProcessing.Replay;
using OrleansInference.Grains.PostProcessing.Retention;
using OrleansInference.Grains.Users;
using OrleansInference.Storage.Azure.GrainState;
using OrleansInference.Storage.Azure.Models;
using OrleansInference.Storage.Sql;
using OrleansInference.Storage.Sql.PostgreSql;

namespace OrleansInference.Silo;

/// <summary>The settings that there are below <c>Inference</c>: a misspelt one would leave its default in force without a word.</summary>
/// <remarks>Of both programs, which may read the same file. What <see cref="NamedOptions"/> reads is checked there.</remarks>
public static class KnownSettings
{
    private const string Root = "Inference";

    private static readonly string[] Single = [nameof(InferenceOptions.DefaultModel), nameof(InferenceOptions.DataDirectory), "Mode", "Demo"];

    private static readonly string[] CheckedWhereRead =
        ["Cluster", "ExternalServices", "FeatureViews", "Lookups", "Metrics", "Outbox", "Predictions", "Shutdown", "Silo", "Transforms", "Webhooks"];

    private static readonly Dictionary<string, string[]> Sections = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Erasure"] = NamesOf<ErasureOptions>(),
        ["Feedback"] = NamesOf<FeedbackOptions>(),
        ["GrainState"] = NamesOf<GrainStateOptions>(),
        // The API's own two sections and its access: a silo reads none of them.
        ["Grpc"] = ["Port", "MaxConcurrencyPerStream"],
        ["Idempotency"] = NamesOf<IdempotencyOptions>(),
        ["ModelRepository"] = [.. NamesOf<ModelRepositoryOptions>(), "Blob"],
        ["ModelRepository:Blob"] = NamesOf<BlobRepositoryOptions>(),
        ["Models"] = [.. NamesOf<ModelServingOptions>(), .. NamesOf<ModelResidencyOptions>()],
        ["OpenInference"] = ["MaxBodyBytes"],
        ["PostgreSql"] = NamesOf<PostgreSqlOptions>(),
        ["Replay"] = NamesOf<ReplayOptions>(),
        ["Retention"] = NamesOf<RetentionOptions>(),
        ["Security"] = ["ApiKey", "AllowAnonymous"],
        ["Snapshots"] = NamesOf<SnapshotOptions>(),
        ["Sqlite"] = NamesOf<SqliteStorageOptions>(),
        ["Storage"] = ["Provider"],
        ["Users"] = NamesOf<UserOptions>(),
    };

    /// <summary>Looks through all that is set below <c>Inference</c>.</summary>
    /// <exception cref="InferenceStartupException">A setting is unknown; all of them at once. Values are not told: they may be secrets.</exception>
    public static void ThrowIfUnknown(IConfiguration configuration)
    {
        string[] all = [.. Single, .. CheckedWhereRead, .. Sections.Keys.Where(section => !section.Contains(':', StringComparison.Ordinal))];
        var root = configuration.GetSection(Root);
        var faults = FindUnknown(root, all).Concat(Sections.SelectMany(section => FindMisplaced(root.GetSection(section.Key), section.Value))).ToArray();
        if (faults.Length > 0) throw new InferenceStartupException(string.Join(Environment.NewLine, faults));
    }

    private static IEnumerable<string> FindMisplaced(IConfigurationSection section, string[] known) => section.Value is { Length: > 0 }
        ? [$"{section.Path} is a section and takes no value of its own. Set one of {string.Join(", ", known.Select(name => $"{section.Path}:{name}"))}."]
        : FindUnknown(section, known);

    private static IEnumerable<string> FindUnknown(IConfigurationSection section, string[] known) => section.GetChildren()
        .Where(child => !known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
        .Select(child => $"{child.Path} is no setting. Correct or remove it; {section.Path} has {string.Join(", ", known.Order(StringComparer.Ordinal))}.");

    private static string[] NamesOf<TOptions>() => [.. typeof(TOptions).GetProperties().Where(property => property.CanWrite).Select(property => property.Name)];
}

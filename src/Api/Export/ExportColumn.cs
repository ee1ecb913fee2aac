using System.Globalization;
using OrleansInference.Api.Json;

namespace OrleansInference.Api.Export;

/// <summary>A column of an export.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">string, double, long, bool or DateTime (UTC).</param>
/// <param name="Read">A prediction's value; null for none.</param>
internal sealed record ExportColumn(string Name, Type Type, Func<RecordedPrediction, object?> Read)
{
    private const string Age = "_age_seconds";

    /// <summary>Who and when, then the features and their ages, then the answer and what it turned out to be.</summary>
    public static IReadOnlyList<ExportColumn> Of(IReadOnlyList<ExportFeature> features) =>
    [
        new("prediction_id", typeof(string), prediction => prediction.PredictionId.ToString()),
        new("user_id", typeof(string), prediction => prediction.UserId),
        new("sequence", typeof(long), prediction => prediction.Sequence),
        new("model", typeof(string), prediction => prediction.Model),
        new("model_version", typeof(string), prediction => prediction.ModelVersion.ToString(CultureInfo.InvariantCulture)),
        new("variant", typeof(string), prediction => Variants.NameOf(prediction.Variant)),
        new("created_at", typeof(DateTime), prediction => prediction.CreatedAt.UtcDateTime),
        new("at", typeof(DateTime), prediction => prediction.Times?.At.UtcDateTime),
        .. features.Select(feature => new ExportColumn(feature.Name, feature.IsText ? typeof(string) : typeof(double), prediction => ReadFeature(prediction, feature))),
        .. Ages([.. features.Select(feature => feature.Name)]),
        new("not_fresh", typeof(string), NotFresh),
        new("prediction", typeof(double), prediction => prediction.Value),
        new("info", typeof(string), prediction => prediction.Info),
        new("degraded", typeof(bool), prediction => prediction.Degraded),
        new("label", typeof(double), prediction => prediction.Outcomes.Count == 0 ? null : prediction.Outcomes[^1].Label),
        new("labelled_at", typeof(DateTime), prediction => prediction.Outcomes.Count == 0 ? null : prediction.Outcomes[^1].RecordedAt.UtcDateTime),
    ];

    // A view may have a feature of such a name itself: no two columns have one name.
    private static IEnumerable<ExportColumn> Ages(string[] features)
    {
        var (taken, suffix) = (features.ToHashSet(), Age);
        while (features.Any(feature => taken.Contains(feature + suffix))) suffix = $"_{suffix}";
        return features.Select(feature => new ExportColumn(feature + suffix, typeof(double), prediction => Find(prediction, feature)?.Age.TotalSeconds));
    }

    private static object? ReadFeature(RecordedPrediction prediction, ExportFeature feature) => (Find(prediction, feature.Name)?.Value, feature.IsText) switch
    {
        (null, _) => null,
        (double number, false) => number,
        (string text, true) => text,
        (double number, true) => number.ToString("R", CultureInfo.InvariantCulture),
        _ => throw new InvalidDataException($"{feature.Name} was a number wherever it was looked at before the export, and is text in prediction {prediction.PredictionId}, which came since; export again"),
    };

    // Null where the prediction's model had no such feature.
    private static UsedFeature? Find(RecordedPrediction prediction, string name)
    {
        foreach (var used in prediction.Features)
        {
            if (used.Name == name) return used;
        }

        return null;
    }

    // Which values were not the source's own and young, such as spending.mean_1d=default.
    private static string NotFresh(RecordedPrediction prediction) =>
        string.Join(' ', prediction.Features.Where(feature => feature.Status is not "fresh").Select(feature => $"{feature.Name}={feature.Status}"));
}

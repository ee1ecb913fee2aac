using System.ComponentModel;
using System.Globalization;
using OrleansInference.Api.Json;

namespace OrleansInference.Api.Endpoints;

/// <summary>What predictions turned out to be, and what they would be now.</summary>
internal static class HistoryEndpoints
{
    public static void MapHistory(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/predictions/{id}/outcome", RecordOutcomeAsync)
            .WithName("RecordOutcome")
            .WithTags("Predictions")
            .WithSummary("Says what a prediction turned out to be, or corrects it.")
            .WithDescription("The label is true, false, or the number that was to be predicted. The same label again changes nothing; another one is a correction, and the earlier ones stay in the prediction's history.")
            .Accepts<OutcomeBody>("application/json")
            .Produces<RecordedOutcomeBody>()
            .ProducesProblems(
                StatusCodes.Status400BadRequest,
                StatusCodes.Status401Unauthorized,
                StatusCodes.Status404NotFound,
                StatusCodes.Status415UnsupportedMediaType,
                StatusCodes.Status422UnprocessableEntity,
                StatusCodes.Status503ServiceUnavailable);
        endpoints.MapPost("/v1/predictions/{id}/replay", ReplayAsync)
            .WithName("ReplayPrediction")
            .WithTags("Predictions")
            .WithSummary("Scores a prediction's recorded input again.")
            .WithDescription("By the version named (a number or a label), or by the recorded one. Nothing is recorded and nobody alerted.")
            .Produces<ReplayBody>()
            .ProducesProblems(
                StatusCodes.Status401Unauthorized,
                StatusCodes.Status404NotFound,
                StatusCodes.Status422UnprocessableEntity,
                StatusCodes.Status429TooManyRequests,
                StatusCodes.Status500InternalServerError,
                StatusCodes.Status503ServiceUnavailable);
        endpoints.MapGet("/v1/models/{model}/quality", GetQualityAsync)
            .WithName("GetQuality")
            .WithTags("Models")
            .WithSummary("How a model's versions do by the labels that came.")
            .WithDescription("AUC, average precision, precision and recall at a threshold, and calibration of true-or-false labels; errors of all. Parameters: version, from and to (by the time of the prediction), threshold (0.5).")
            .Produces<IReadOnlyList<QualityBody>>()
            .ProducesProblems(StatusCodes.Status401Unauthorized, StatusCodes.Status404NotFound, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<RecordedOutcomeBody> RecordOutcomeAsync(string id, HttpContext context, IInferenceClient client)
    {
        var prediction = PredictionId.Read(id);
        return ToBody(await client.RecordOutcomeAsync(prediction, await OutcomeReader.ReadAsync(context.Request)));
    }

    private static async Task<ReplayBody> ReplayAsync(
        string id, [Description("A version's number or label; the recorded version where it is left out.")] string? version, HttpContext context, IInferenceClient client)
    {
        var replayed = await client.ReplayAsync(PredictionId.Read(id), version, context.RequestAborted);
        return new ReplayBody(
            replayed.PredictionId,
            replayed.Model,
            new ReplaySideBody(Text(replayed.RecordedVersion), replayed.RecordedValue),
            new ReplaySideBody(Text(replayed.Version), replayed.Value),
            replayed.Value - replayed.RecordedValue,
            replayed.BitEqual);
    }

    private static async Task<IReadOnlyList<QualityBody>> GetQualityAsync(string model, HttpContext context, IInferenceClient client)
    {
        var versions = await client.GetQualityAsync(QualityQueryReader.Read(model, context.Request.Query));
        return [.. versions.Select(ToBody)];
    }

    private static RecordedOutcomeBody ToBody(RecordedOutcome outcome) => new(outcome.PredictionId, outcome.Label, outcome.Revision, outcome.RecordedAt.UtcDateTime);

    private static QualityBody ToBody(ModelQuality quality) => new(
        quality.Model,
        Text(quality.Version),
        quality.Labelled,
        quality.MeanAbsoluteError,
        quality.RootMeanSquaredError,
        quality.Binary is { } binary
            ? new BinaryQualityBody(
                binary.Positives,
                binary.Auc,
                binary.AveragePrecision,
                binary.Threshold,
                binary.Precision,
                binary.Recall,
                binary.CalibrationError,
                [.. binary.Calibration.Select(bin => new CalibrationBinBody(bin.From, bin.To, bin.Count, bin.MeanPrediction, bin.ObservedRate))])
            : null);

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);
}

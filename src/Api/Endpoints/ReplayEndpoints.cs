using System.Globalization;
using OrleansInference.Api.Json;

namespace OrleansInference.Api.Endpoints;

/// <summary>Time ranges of the log through another version, in the background.</summary>
internal static class ReplayEndpoints
{
    public static void MapReplays(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/models/{model}/replay", StartAsync)
            .WithName("StartReplay")
            .WithTags("Replays")
            .WithSummary("Scores a time range of recorded predictions by another version, in the background.")
            .WithDescription("Location tells where to ask for progress and report. Nothing is recorded and nobody alerted; what somebody waits for goes first. At most Inference:Replay:MaxRunning run at once. It goes on after a restart.")
            .Accepts<StartReplayBody>("application/json")
            .Produces<ReplayReportBody>(StatusCodes.Status202Accepted)
            .ProducesProblems(
                StatusCodes.Status400BadRequest,
                StatusCodes.Status401Unauthorized,
                StatusCodes.Status404NotFound,
                StatusCodes.Status415UnsupportedMediaType,
                StatusCodes.Status422UnprocessableEntity,
                StatusCodes.Status429TooManyRequests,
                StatusCodes.Status503ServiceUnavailable);
        endpoints.MapGet("/v1/replays/{id}", async (string id, IReplayClient replays) => ToBody(await replays.GetAsync(ReadId(id))))
            .Describe("GetReplay", "How far a replay is, and what it found so far.", "The reports of the last Inference:Replay:Keep ended ones are kept.");
        endpoints.MapDelete("/v1/replays/{id}", async (string id, IReplayClient replays) => ToBody(await replays.CancelAsync(ReadId(id))))
            .Describe("CancelReplay", "Ends a replay; what it found stays.", "One that has ended is left as it is.");
    }

    private static void Describe(this RouteHandlerBuilder endpoint, string name, string summary, string description) => endpoint
        .WithName(name)
        .WithTags("Replays")
        .WithSummary(summary)
        .WithDescription(description)
        .Produces<ReplayReportBody>()
        .ProducesProblems(StatusCodes.Status401Unauthorized, StatusCodes.Status404NotFound, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> StartAsync(string model, HttpContext context, IReplayClient replays)
    {
        var report = await replays.StartAsync(await ReplayQueryReader.ReadAsync(model, context.Request));
        return Results.Accepted($"/v1/replays/{report.ReplayId}", ToBody(report));
    }

    private static Guid ReadId(string text) => Guid.TryParseExact(text, "D", out var id)
        ? id
        : throw InferenceException.InvalidInput(new FieldError("id", "must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057", ((RequestValue)text).ToDisplay()));

    private static ReplayReportBody ToBody(ReplayReport report) => new(
        report.ReplayId,
        report.Model,
        Text(report.Version),
        report.From?.UtcDateTime,
        report.To.UtcDateTime,
        NameOf(report.State),
        report.Fault,
        report.Total,
        report.Done,
        report.StartedAt.UtcDateTime,
        report.EndedAt?.UtcDateTime,
        report.Failures,
        [.. report.FirstFailures.Select(failure => new ReplayFailureBody(failure.PredictionId, failure.Reason))],
        [.. report.Versions.Select(ToBody)]);

    private static ReplayComparisonBody ToBody(ReplayComparison comparison) => new(
        Text(comparison.RecordedVersion),
        comparison.Count,
        comparison.BitEqual,
        comparison.MeanRecorded,
        comparison.MeanReplayed,
        comparison.MeanDifference,
        comparison.MaxDifference,
        [.. comparison.Differences.Select(bin => new DifferenceBinBody(bin.UpTo, bin.Count))],
        [.. comparison.Rules.Select(rule => new RuleCrossingsBody(rule.Rule, rule.Recorded, rule.Replayed, rule.Raised, rule.Dropped))],
        [.. comparison.Largest.Select(example => new ReplayExampleBody(example.PredictionId, example.Recorded, example.Replayed))]);

    private static string NameOf(ReplayState state) => state switch
    {
        ReplayState.Running => "running",
        ReplayState.Completed => "completed",
        ReplayState.Cancelled => "cancelled",
        _ => "failed",
    };

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);
}

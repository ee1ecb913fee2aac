using System.ComponentModel;
using OrleansInference.Api.Endpoints;

namespace OrleansInference.Api.Export;

/// <summary>The log as a training set: features as they were served, answers and what they turned out to be.</summary>
internal static class ExportEndpoints
{
    // A Parquet file is read a row group at a time; many small ones read slowly.
    internal const int PartSize = 5_000;

    public static void MapExport(this IEndpointRouteBuilder endpoints) => endpoints
        .MapGet("/v1/models/{model}/export", ExportAsync)
        .WithName("Export")
        .WithTags("Models")
        .WithSummary("A model's recorded predictions with features and outcomes, as CSV or Parquet.")
        .WithDescription("One row for each prediction, by the time of its record, streamed. Each feature has a column <feature>_age_seconds: the time since its value was read from its source, 0 for what the request brought, empty where the prediction had no such feature. not_fresh names the features whose value was not the source's own and young. A failure before the first 5,000 rows are read is a problem; a later one breaks the connection off.")
        .Produces(StatusCodes.Status200OK, contentType: "text/csv", additionalContentTypes: "application/vnd.apache.parquet")
        .ProducesProblems(StatusCodes.Status401Unauthorized, StatusCodes.Status404NotFound, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status503ServiceUnavailable);

    private static async Task ExportAsync(
        string model,
        HttpContext context,
        IInferenceClient client,
        TimeProvider time,
        [Description("Recorded at or after this, ISO 8601.")] string? from = null,
        [Description("Recorded before this, ISO 8601. Default: now.")] string? to = null,
        [Description("csv or parquet. Default: csv.")] string? format = null)
    {
        var faults = new List<FieldError>();
        var query = new ExportQuery { Model = model, From = ReadTime("from", from, faults), To = ReadTime("to", to, faults) ?? time.GetUtcNow() };
        if (format is not (null or "csv" or "parquet")) faults.Add(new FieldError("format", "must be csv or parquet", ((RequestValue)format).ToDisplay()));
        if (faults.Count > 0) throw InferenceException.InvalidInput(faults);

        var columns = ExportColumn.Of(await ReadFeaturesAsync(client, query, format, context.RequestAborted));
        await using var parts = ReadPartsAsync(client.ExportAsync(query, context.RequestAborted)).GetAsyncEnumerator(context.RequestAborted);

        // Read before anything is said of a file: a failure until here is a problem like any other.
        await parts.MoveNextAsync();
        context.Response.ContentType = format is "parquet" ? "application/vnd.apache.parquet" : "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{model}.{format ?? "csv"}\"";
        await context.Response.StartAsync(context.RequestAborted);
        try
        {
            await WriteAsync(parts, columns, format, context);
        }
        catch
        {
            // Half a training set must not look like a whole one.
            context.Abort();
            throw;
        }
    }

    // To CSV everything is text. Parquet wants to know before the first row what a column holds in the last.
    private static async Task<IReadOnlyList<ExportFeature>> ReadFeaturesAsync(IInferenceClient client, ExportQuery query, string? format, CancellationToken cancellationToken) =>
        format is "parquet"
            ? await client.GetExportFeaturesAsync(query, cancellationToken)
            : [.. (await client.GetExportNamesAsync(query)).Select(name => new ExportFeature(name, IsText: true))];

    // One part at least, which is empty where nothing was recorded. The next one is read into the same list.
    private static async IAsyncEnumerable<IReadOnlyList<RecordedPrediction>> ReadPartsAsync(IAsyncEnumerable<RecordedPrediction> predictions)
    {
        var (part, parts) = (new List<RecordedPrediction>(), 0);
        await foreach (var prediction in predictions)
        {
            part.Add(prediction);
            if (part.Count < PartSize) continue;
            yield return part;
            part.Clear();
            parts++;
        }

        if (part.Count > 0 || parts == 0) yield return part;
    }

    private static async Task WriteAsync(IAsyncEnumerator<IReadOnlyList<RecordedPrediction>> parts, IReadOnlyList<ExportColumn> columns, string? format, HttpContext context)
    {
        await using var stream = new ResponseStream(context.Response.BodyWriter);
        IExportWriter writer = format is "parquet" ? await ParquetExport.CreateAsync(columns, stream, context.RequestAborted) : new CsvExport(columns, stream);
        do
        {
            await writer.WriteAsync(parts.Current, context.RequestAborted);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
        while (await parts.MoveNextAsync());
        await writer.CompleteAsync();
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static DateTimeOffset? ReadTime(string name, string? text, List<FieldError> faults)
    {
        if (text is null) return null;
        if (IsoTime.TryRead(text, out var time)) return time;
        faults.Add(new FieldError(name, "must be an ISO 8601 time such as 2026-04-01T00:00:00Z", ((RequestValue)text).ToDisplay()));
        return null;
    }
}

namespace OrleansInference.Api.Export;

/// <summary>Writes an export in one format.</summary>
internal interface IExportWriter
{
    /// <summary>Writes the next predictions; the first part, which may be empty, begins the file.</summary>
    Task WriteAsync(IReadOnlyList<RecordedPrediction> part, CancellationToken cancellationToken);

    /// <summary>Writes what ends the file: after the last part, and never after a failure, so that half an export is no file.</summary>
    ValueTask CompleteAsync();
}

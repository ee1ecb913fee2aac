namespace OrleansInference.Api.Export;

/// <summary>Writes an export in one format.</summary>
internal interface IExportWriter : IAsyncDisposable
{
    /// <summary>Writes the next predictions; the first part, which may be empty, begins the file.</summary>
    Task WriteAsync(IReadOnlyList<RecordedPrediction> part, CancellationToken cancellationToken);
}

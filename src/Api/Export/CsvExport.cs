using System.Data;
using System.Globalization;
using System.Text;
using Sylvan.Data.Csv;

namespace OrleansInference.Api.Export;

/// <summary>Writes an export as CSV (RFC 4180, UTF-8); numbers read back exactly, times are ISO 8601 in UTC.</summary>
internal sealed class CsvExport(IReadOnlyList<ExportColumn> columns, Stream stream) : IExportWriter
{
    // All times are UTC, and the log keeps milliseconds.
    private const string Time = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private bool _begun;

    public async Task WriteAsync(IReadOnlyList<RecordedPrediction> part, CancellationToken cancellationToken)
    {
        using var table = new DataTable { Locale = CultureInfo.InvariantCulture };
        foreach (var column in columns) table.Columns.Add(column.Name, column.Type);
        foreach (var prediction in part) table.Rows.Add([.. columns.Select(column => column.Read(prediction) ?? DBNull.Value)]);
        var options = new CsvDataWriterOptions { WriteHeaders = !_begun, NewLine = "\r\n", Culture = CultureInfo.InvariantCulture, DateTimeFormat = Time };

        // The writer disposes its text; the stream goes on.
        await using var csv = CsvDataWriter.Create(new StreamWriter(stream, Utf8, leaveOpen: true), options);
        await csv.WriteAsync(table.CreateDataReader(), cancellationToken);
        _begun = true;
    }

    public ValueTask CompleteAsync() => ValueTask.CompletedTask;
}

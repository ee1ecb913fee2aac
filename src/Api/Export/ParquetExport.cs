using Parquet;
using Parquet.Schema;

namespace OrleansInference.Api.Export;

/// <summary>Writes an export as Parquet, a row group for each part.</summary>
internal sealed class ParquetExport : IExportWriter
{
    private readonly IReadOnlyList<ExportColumn> _columns;
    private readonly DataField[] _fields;
    private readonly ParquetWriter _parquet;

    private ParquetExport(IReadOnlyList<ExportColumn> columns, DataField[] fields, ParquetWriter parquet)
    {
        _columns = columns;
        _fields = fields;
        _parquet = parquet;
    }

    public static async Task<ParquetExport> CreateAsync(IReadOnlyList<ExportColumn> columns, Stream stream, CancellationToken cancellationToken)
    {
        DataField[] fields = [.. columns.Select(ToField)];
        return new ParquetExport(columns, fields, await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream, cancellationToken: cancellationToken));
    }

    public async Task WriteAsync(IReadOnlyList<RecordedPrediction> part, CancellationToken cancellationToken)
    {
        using var group = _parquet.CreateRowGroup();
        for (var i = 0; i < _fields.Length; i++) await WriteAsync(group, _fields[i], _columns[i], part, cancellationToken);
    }

    public ValueTask CompleteAsync() => _parquet.DisposeAsync();

    // Otherwise times become INT96, which the format has given up and some readers hand on as bytes. The log keeps milliseconds.
    private static DataField ToField(ExportColumn column) => column.Type == typeof(DateTime)
        ? new DateTimeDataField(column.Name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, DateTimeTimeUnit.Millis, isNullable: true)
        : new DataField(column.Name, column.Type, isNullable: true);

    private static Task WriteAsync(ParquetRowGroupWriter group, DataField field, ExportColumn column, IReadOnlyList<RecordedPrediction> part, CancellationToken cancellationToken)
    {
        if (column.Type == typeof(string)) return group.WriteAsync(field, [.. part.Select(prediction => (string)column.Read(prediction)!)], null);
        if (column.Type == typeof(double)) return WriteAsync<double>(group, field, column, part, cancellationToken);
        if (column.Type == typeof(long)) return WriteAsync<long>(group, field, column, part, cancellationToken);
        return column.Type == typeof(bool)
            ? WriteAsync<bool>(group, field, column, part, cancellationToken)
            : WriteAsync<DateTime>(group, field, column, part, cancellationToken);
    }

    private static Task WriteAsync<T>(ParquetRowGroupWriter group, DataField field, ExportColumn column, IReadOnlyList<RecordedPrediction> part, CancellationToken cancellationToken)
        where T : struct
    {
        T?[] values = [.. part.Select(prediction => (T?)column.Read(prediction))];
        return group.WriteAsync<T>(field, values.AsMemory(), cancellationToken: cancellationToken);
    }
}

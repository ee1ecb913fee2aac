using System.Data.Common;

namespace OrleansInference.Storage.Sql;

/// <summary>A row of an answer, by column number.</summary>
internal readonly struct SqlRow(DbDataReader reader)
{
    public bool IsNull(int column) => reader.IsDBNull(column);

    public long Long(int column) => reader.GetInt64(column);

    public int Int(int column) => reader.GetInt32(column);

    public double Double(int column) => reader.GetDouble(column);

    public string Text(int column) => reader.GetString(column);

    public string? TextOrNull(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public byte[] Bytes(int column) => (byte[])reader.GetValue(column);

    public Guid Id(int column) => reader.GetValue(column) is byte[] blob ? new Guid(blob, bigEndian: true) : reader.GetGuid(column);

    public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));

    public DateTimeOffset? TimeOrNull(int column) => reader.IsDBNull(column) ? null : Time(column);
}

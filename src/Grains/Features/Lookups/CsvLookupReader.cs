using System.Globalization;
using Sylvan.Data.Csv;

namespace OrleansInference.Grains.Features.Lookups;

/// <summary>Reads a CSV file with a line of column names; an empty cell has no value.</summary>
internal static class CsvLookupReader
{
    public static Dictionary<string, FeatureValue[]> Read(LookupFile file)
    {
        using var csv = CsvDataReader.Create(file.Path);
        var key = Ordinal(csv, file, file.KeyColumn);
        var ordinals = file.Columns.Select(column => Ordinal(csv, file, column.SourceName)).ToArray();
        var rows = new Dictionary<string, FeatureValue[]>();
        while (csv.Read())
        {
            var values = file.Columns.Select((column, i) => Parse(csv, file.Path, column, ordinals[i])).ToArray();
            if (!rows.TryAdd(csv.GetString(key), values))
                throw new InferenceStartupException($"{file.Path}:{csv.RowNumber + 1}: the key '{csv.GetString(key)}' stands twice. Keep one of the lines.");
        }

        return rows;
    }

    private static int Ordinal(CsvDataReader csv, LookupFile file, string column)
    {
        for (var i = 0; i < csv.FieldCount; i++)
        {
            if (csv.GetName(i) == column) return i;
        }

        throw new InferenceStartupException($"{file.Path} has no column '{column}'. Add it, or correct {file.Section}.");
    }

    private static FeatureValue Parse(CsvDataReader csv, string path, FeatureColumn column, int ordinal)
    {
        var text = csv.GetString(ordinal);
        if (text.Length == 0) return column.Default;
        if (column.Type is FeatureType.Text) return FeatureValue.Of(text);

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? FeatureValue.Of(number)
            : throw new InferenceStartupException($"{path}:{csv.RowNumber + 1}: {column.SourceName} is '{text}', which is not a finite number.");
    }
}

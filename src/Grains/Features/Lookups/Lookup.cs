using System.Collections.Frozen;
using System.Globalization;
using Sylvan.Data.Csv;

namespace OrleansInference.Grains.Features.Lookups;

/// <summary>Features from an auxiliary file, read into memory at start.</summary>
public sealed class Lookup : IFeatureSource
{
    private readonly string _section;
    private readonly LookupOptions _options;
    private readonly FeatureColumn[] _columns;
    private readonly FrozenDictionary<string, FeatureRow> _rows;
    private readonly FeatureRow _unknown;

    public Lookup(string name, LookupOptions options, string file, TimeProvider time)
    {
        Name = name;
        _section = $"Inference:Lookups:{name}";
        _options = options;
        _columns = FeatureColumnOptions.Compile(_section, options.Columns);
        _unknown = FeatureRow.Defaults(_columns, time.GetTimestamp(), degraded: false);
        _rows = Read(file, time.GetTimestamp());
    }

    public string Name { get; }

    public IReadOnlyList<FeatureColumn> Columns => _columns;

    public IReadOnlyList<string> RequestFields => [_options.Field];

    public ValueTask<FeatureRow> ReadAsync(FeatureQuery query) => new(_rows.GetValueOrDefault(query.Request[_options.Field].ToString(), _unknown));

    private FrozenDictionary<string, FeatureRow> Read(string file, long readAt)
    {
        if (!File.Exists(file)) throw new InferenceStartupException($"The file {file} does not exist. Correct {_section}:Path.");
        try
        {
            return ReadRows(file, readAt);
        }
        catch (CsvFormatException e)
        {
            throw new InferenceStartupException($"{file} is no CSV file with a line of column names: {e.Message} Correct it, or {_section}:Path.");
        }
    }

    private FrozenDictionary<string, FeatureRow> ReadRows(string file, long readAt)
    {
        using var csv = CsvDataReader.Create(file);
        var key = Ordinal(csv, file, _options.KeyColumn ?? _options.Field);
        var ordinals = _columns.Select(column => Ordinal(csv, file, column.SourceName)).ToArray();
        var rows = new Dictionary<string, FeatureRow>();
        while (csv.Read())
        {
            var values = _columns.Select((column, i) => Parse(csv, file, column, ordinals[i])).ToArray();
            if (!rows.TryAdd(csv.GetString(key), new FeatureRow(values, readAt)))
                throw new InferenceStartupException($"{file}:{csv.RowNumber + 1}: the key '{csv.GetString(key)}' stands twice. Keep one of the lines.");
        }

        return rows.ToFrozenDictionary();
    }

    private int Ordinal(CsvDataReader csv, string file, string column)
    {
        for (var i = 0; i < csv.FieldCount; i++)
        {
            if (csv.GetName(i) == column) return i;
        }

        throw new InferenceStartupException($"{file} has no column '{column}'. Add it, or correct {_section}.");
    }

    private static FeatureValue Parse(CsvDataReader csv, string file, FeatureColumn column, int ordinal)
    {
        var text = csv.GetString(ordinal);
        if (text.Length == 0) return column.Default;
        if (column.Type is FeatureType.Text) return FeatureValue.Of(text);

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? FeatureValue.Of(number)
            : throw new InferenceStartupException($"{file}:{csv.RowNumber + 1}: {column.SourceName} is '{text}', which is not a finite number.");
    }
}

using System.Collections.Frozen;
using System.Text.Json;
using Sylvan.Data.Csv;

namespace OrleansInference.Grains.Features.Lookups;

/// <summary>Where a lookup's values stand, and how they are found there.</summary>
/// <param name="Section">The settings, for messages.</param>
/// <param name="Path">The file.</param>
/// <param name="KeyColumn">The column of the keys.</param>
/// <param name="Columns">The features.</param>
internal sealed record LookupFile(string Section, string Path, string KeyColumn, FeatureColumn[] Columns)
{
    /// <summary>The whole file, or what is wrong with it.</summary>
    /// <exception cref="InferenceStartupException">The file is not there, cannot be read, or does not hold what the settings say.</exception>
    public LookupContent Read(long readAt)
    {
        if (!File.Exists(Path)) throw new InferenceStartupException($"The file {Path} does not exist. Correct {Section}:Path.");
        try
        {
            var rows = IsJson ? JsonLookupReader.Read(this) : CsvLookupReader.Read(this);
            return new LookupContent(
                rows.ToFrozenDictionary(row => row.Key, row => new FeatureRow(row.Value, readAt)), FeatureRow.Defaults(Columns, readAt, degraded: false));
        }
        catch (CsvFormatException e)
        {
            throw new InferenceStartupException($"{Path} is no CSV file with a line of column names: {e.Message} Correct it, or {Section}:Path.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is System.Text.Json's answer to a string that is not valid Unicode.
            throw new InferenceStartupException($"{Path} is no JSON: {e.Message} Correct it, or {Section}:Path.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InferenceStartupException($"{Path} cannot be read: {e.Message} Make it readable, or correct {Section}:Path.");
        }
    }

    private bool IsJson => System.IO.Path.GetExtension(Path).Equals(".json", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A lookup file in memory: a row for each key, and the one for keys that are not in it. Never changed.</summary>
internal sealed record LookupContent(FrozenDictionary<string, FeatureRow> Rows, FeatureRow Unknown)
{
    public FeatureRow Find(string key) => Rows.GetValueOrDefault(key, Unknown);
}

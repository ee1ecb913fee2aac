using System.Text.Json;

namespace OrleansInference.Api.Json;

/// <summary>Reads the names of a request's properties, which are mostly those of the request that the thread read before: then they are not made again.</summary>
internal static class LatestNames
{
    private const int MostKept = 16;
    private const int LongestKept = 64;

    [ThreadStatic]
    private static string?[]? _names;

    /// <summary>The name at the reader's token.</summary>
    /// <param name="reader">Stands at a property's name.</param>
    /// <param name="position">Which of the object's properties it is.</param>
    public static string Read(ref Utf8JsonReader reader, int position)
    {
        if (position >= MostKept) return PredictionRequestJson.ReadName(ref reader);
        var names = _names ??= new string?[MostKept];
        if (names[position] is { } latest && !reader.ValueIsEscaped && reader.ValueTextEquals(latest)) return latest;

        var name = PredictionRequestJson.ReadName(ref reader);
        if (name.Length <= LongestKept) names[position] = name;
        return name;
    }
}

using System.Globalization;

namespace OrleansInference;

/// <summary>Keys of <see cref="IModelGrain"/>: the model's name, and for raw inference a shard of it, <c>{model}#{k}</c>.</summary>
/// <remarks>
/// A client outside the silos reaches one silo only with each key of a stateless worker, so raw calls are spread over several.
/// </remarks>
public static class ModelKey
{
    /// <summary>Stands for whatever model the silo's configuration names as the default; no model can have this name.</summary>
    public const string Default = "?";

    /// <summary>Into how many keys raw calls are spread: several times the silos of a cluster, so that each has about its share.</summary>
    public const int Shards = 64;

    private const char Separator = '#';

    /// <summary>The key of one shard.</summary>
    public static string ForShard(string model, int shard) => string.Create(CultureInfo.InvariantCulture, $"{model}{Separator}{shard}");

    /// <summary>The model's name in a key; null for <see cref="Default"/>.</summary>
    public static string? ToModel(string key)
    {
        if (key is Default) return null;
        var separator = key.IndexOf(Separator);
        return separator < 0 ? key : key[..separator];
    }
}

using System.IO.Hashing;
using System.Text;

namespace OrleansInference.Grains.Models.Planning;

/// <summary>The names of a record's features in order; the id is their hash, so a record needs 8 bytes for all of its names.</summary>
public sealed record FeatureSchema(long Id, IReadOnlyList<string> Names)
{
    public static FeatureSchema Of(IReadOnlyList<string> names) =>
        new((long)XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(string.Join('\n', names))), names);
}

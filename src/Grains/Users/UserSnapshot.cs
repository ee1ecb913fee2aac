namespace OrleansInference.Grains.Users;

/// <summary>What is kept of a user beside the log, so that the log need not be read from its beginning.</summary>
[GenerateSerializer, Immutable, Alias("inference.user-snapshot")]
internal sealed class UserSnapshot
{
    /// <summary>The last of the user's records that <see cref="Windows"/> holds; later ones are in the log alone.</summary>
    [Id(0)]
    public long Sequence { get; set; }

    /// <summary>The events by window view, see <see cref="Features.Windows.EventWindowCodec"/>.</summary>
    [Id(1)]
    public Dictionary<string, byte[]> Windows { get; set; } = [];
}

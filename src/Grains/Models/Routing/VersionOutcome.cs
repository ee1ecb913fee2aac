namespace OrleansInference.Grains.Models.Routing;

/// <summary>What became of a request, as far as it says something about the version.</summary>
internal enum VersionOutcome : byte
{
    /// <summary>The version answered.</summary>
    Answered = 0,

    /// <summary>The version failed.</summary>
    Failed = 1,

    /// <summary>The caller left or the time was up first. No fault of the version's, but it took at least as long.</summary>
    GivenUp = 2,

    /// <summary>What it answered, and was noted as answered, turned out to be of no use: not a finite number.</summary>
    Unusable = 3,
}

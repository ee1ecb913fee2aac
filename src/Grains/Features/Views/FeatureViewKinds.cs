namespace OrleansInference.Grains.Features.Views;

/// <summary>Where a view's values come from.</summary>
public enum FeatureViewKind
{
    /// <summary>A query; pushes may be ahead of it.</summary>
    Sql = 0,

    /// <summary>Pushes alone.</summary>
    Push = 1,
}

/// <summary>The databases that hold features.</summary>
public enum FeatureDatabaseProvider
{
    Sqlite = 0,
    PostgreSql = 1,
}

/// <summary>What a failed query costs where no old values may stand in.</summary>
public enum FeatureViewErrorPolicy
{
    /// <summary>The prediction: 503.</summary>
    Fail = 0,

    /// <summary>The values: defaults stand in, and the prediction is degraded.</summary>
    Default = 1,
}

/// <summary>What a user id is to a database, whose comparison of an integer with text may be an error.</summary>
public enum UserIdType
{
    /// <summary>An integer where it is the decimal form of a 64-bit integer, text otherwise.</summary>
    ById = 0,

    /// <summary>Always an integer; other ids have no row.</summary>
    Number = 1,

    /// <summary>Always text.</summary>
    Text = 2,
}

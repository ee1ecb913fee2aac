using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Features.Views;

/// <summary>A feature view: a query that gives the features of one user. Section <c>Inference:FeatureViews:{name}</c>.</summary>
public sealed class FeatureViewOptions : IValidatableObject
{
    private static readonly TimeSpan LongestUnknown = TimeSpan.FromSeconds(10);

    /// <summary>Where the values come from: a query, or nothing but pushes. Default: Sql.</summary>
    public FeatureViewKind Kind { get; set; } = FeatureViewKind.Sql;

    /// <summary>What the query is asked of. Default: Sqlite.</summary>
    public FeatureDatabaseProvider Provider { get; set; } = FeatureDatabaseProvider.Sqlite;

    /// <summary>The database, in the driver's form. A relative file of SQLite is under the data directory. Never logged.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// The query: at most one row for the parameter <c>@user_id</c>; or one row for each of many users, with a column
    /// <c>user_id</c> that says whose it is, for the parameter <c>@user_ids</c>: an array in PostgreSQL
    /// (<c>= ANY(@user_ids)</c>), a JSON array in SQLite (<c>IN (SELECT value FROM json_each(@user_ids))</c>). No row gives the defaults.
    /// </summary>
    public string Sql { get; set; } = "";

    /// <summary>What a user id is to the database. Default: ById, an integer where it is the decimal form of a 64-bit integer and text otherwise.</summary>
    public UserIdType UserIdType { get; set; } = UserIdType.ById;

    /// <summary>How long the values stay in the user's memory before they are read again. Default: 1 minute. Zero reads them every time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan Ttl { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a user without a row is known to have none. Default: 10 s, or <see cref="Ttl"/> where that is shorter.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan? UnknownTtl { get; set; }

    /// <summary>A value of this age or older is read again before it is used, whatever <see cref="Ttl"/> and <see cref="StaleWhileRevalidate"/> allow. Default: none.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan? MaxAge { get; set; }

    /// <summary>How long after <see cref="Ttl"/> the old values are served at once, as stale, while they are read again. Default: zero, which waits for the new ones.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan StaleWhileRevalidate { get; set; }

    /// <summary>How long after <see cref="Ttl"/> the old values stand in, as stale, where the query fails. Default: zero, never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan StaleIfError { get; set; }

    /// <summary>What a failed query costs where no old values may stand in. Default: Fail.</summary>
    public FeatureViewErrorPolicy OnError { get; set; } = FeatureViewErrorPolicy.Fail;

    /// <summary>Longest time the query may take before it is interrupted. Default: 800 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(800);

    /// <summary>How long after a query for <c>@user_ids</c> has left further users gather for the next one. Default: 5 ms. Zero sends each at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan GatherDelay { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Most users that one query for <c>@user_ids</c> asks for. Default: 500.</summary>
    [Range(1, 30_000)]
    public int MaxKeysPerQuery { get; set; } = 500;

    /// <summary>The column with the time at which the row's values came to be; a row older than what was pushed does not replace it. Default: none.</summary>
    public string? EventTimeColumn { get; set; }

    /// <summary>The PostgreSQL channel whose notifications name users with changed rows; an empty payload means all. Default: none.</summary>
    public string? InvalidationChannel { get; set; }

    /// <summary>The features, by name.</summary>
    public Dictionary<string, FeatureColumnOptions> Columns { get; set; } = [];

    /// <summary>Whether one query asks for many users.</summary>
    internal bool IsGrouped => ViewParameters.In(Sql).HasFlag(ViewParameters.Kinds.Many);

    /// <summary>How long the absence of a row is believed.</summary>
    internal TimeSpan EffectiveUnknownTtl => UnknownTtl ?? (Ttl < LongestUnknown ? Ttl : LongestUnknown);

    /// <summary>The age at which a value is not fresh any more, whatever a request wants.</summary>
    internal TimeSpan Lifetime => MaxAge is { } most && most < Ttl ? most : Ttl;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        (Kind is FeatureViewKind.Push ? FaultsOfPush() : FaultsOfSql()).Select(fault => new ValidationResult(fault));

    private IEnumerable<string> FaultsOfPush()
    {
        if (Sql.Length > 0 || ConnectionString.Length > 0) yield return "Kind is Push, which asks no database. Remove Sql and ConnectionString, or set Kind to Sql.";
        if (EventTimeColumn is not null) yield return $"EventTimeColumn is '{EventTimeColumn}', but Kind is Push, which reads no columns. Remove it.";
        if (InvalidationChannel is not null) yield return $"InvalidationChannel is '{InvalidationChannel}', but Kind is Push, which has nothing to read again. Remove it.";
    }

    private IEnumerable<string> FaultsOfSql()
    {
        if (ConnectionString.Length == 0) yield return "ConnectionString is not set. Set it to the database's, or set Kind to Push.";
        if (Sql.Length == 0) yield return "Sql is not set. Set it to a query for @user_id or @user_ids, or set Kind to Push.";
        else if (ViewParameters.Fault(Sql) is { } fault) yield return fault;
        if (InvalidationChannel is not null && Provider is not FeatureDatabaseProvider.PostgreSql)
            yield return $"InvalidationChannel is '{InvalidationChannel}', but Provider is {Provider}. Only PostgreSql notifies; remove the setting, or set Provider to PostgreSql.";
    }
}

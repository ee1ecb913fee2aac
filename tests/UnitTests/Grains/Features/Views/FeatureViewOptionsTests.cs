using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Grains.Features.Views;

namespace UnitTests.Grains.Features.Views;

public sealed class FeatureViewOptionsTests
{
    private const string Rows = "SELECT * FROM users WHERE user_id = @user_id";

    [Theory]
    [InlineData("SELECT * FROM users", "Sql takes neither @user_id nor @user_ids, so it would give every user the same. Use one of them.")]
    [InlineData("SELECT * FROM users WHERE id = @user_idx", "Sql takes neither @user_id nor @user_ids, so it would give every user the same. Use one of them.")]
    [InlineData("SELECT @user_id WHERE 1 = ANY(@user_ids)", "Sql takes both @user_id and @user_ids. Use @user_id for one user's row, or @user_ids for the rows of many.")]
    [InlineData("", "Sql is not set. Set it to a query for @user_id or @user_ids, or set Kind to Push.")]
    public void Read_Sql_MustTakeOneOfTheTwoParameters(string sql, string fault) => AssertFault(fault, ("ConnectionString", "x"), ("Sql", sql));

    [Theory]
    [InlineData("ConnectionString is not set. Set it to the database's, or set Kind to Push.", "Sql", Rows)]
    [InlineData("Kind is Push, which asks no database. Remove Sql and ConnectionString, or set Kind to Sql.", "Kind", "Push", "Sql", Rows)]
    [InlineData("EventTimeColumn is 'at', but Kind is Push, which reads no columns. Remove it.", "Kind", "Push", "EventTimeColumn", "at")]
    [InlineData("InvalidationChannel is 'c', but Kind is Push, which has nothing to read again. Remove it.", "Kind", "Push", "InvalidationChannel", "c")]
    [InlineData(
        "InvalidationChannel is 'c', but Provider is Sqlite. Only PostgreSql notifies; remove the setting, or set Provider to PostgreSql.",
        "ConnectionString", "x", "Sql", Rows, "InvalidationChannel", "c")]
    public void Read_SettingsThatDoNotGoTogether_AreRefused(string fault, params string[] settings) =>
        AssertFault(fault, [.. settings.Chunk(2).Select(setting => (setting[0], setting[1]))]);

    [Fact]
    public void Read_ProviderThatIsNone_IsRefusedByName() =>
        Assert.Contains("Oracle", Assert.Throws<InferenceStartupException>(() => Read(("Provider", "Oracle"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_KindPush_NeedsNothingElse() => Assert.Equal(FeatureViewKind.Push, Read(("Kind", "push")).Kind);

    [Fact]
    public void Read_UserIds_IsGrouped()
    {
        Assert.True(Read(("ConnectionString", "x"), ("Sql", "SELECT user_id WHERE user_id = ANY(@user_ids)")).IsGrouped);
        Assert.False(Read(("ConnectionString", "x"), ("Sql", Rows)).IsGrouped);
    }

    [Theory]
    [InlineData("00:01:00", null, "00:01:00")]
    [InlineData("00:01:00", "00:00:05", "00:00:05")]
    [InlineData("00:01:00", "01:00:00", "00:01:00")]
    public void Lifetime_MaxAge_OnlyShortensTheTtl(string ttl, string? maxAge, string lifetime) => Assert.Equal(
        Parse(lifetime), new FeatureViewOptions { Ttl = Parse(ttl), MaxAge = maxAge is null ? null : Parse(maxAge) }.Lifetime);

    private static TimeSpan Parse(string text) => TimeSpan.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static void AssertFault(string fault, params (string Key, string Value)[] settings) =>
        Assert.Equal($"FeatureViews:v: {fault}", Assert.Throws<InferenceStartupException>(() => Read(settings)).Message);

    private static FeatureViewOptions Read(params (string Key, string Value)[] settings) => NamedOptions.Read<FeatureViewOptions>(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"FeatureViews:v:{setting.Key}", (string?)setting.Value))).Build(), "FeatureViews")["v"];
}

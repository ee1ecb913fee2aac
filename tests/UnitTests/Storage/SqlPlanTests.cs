using System.Reflection;
using System.Text.RegularExpressions;
using OrleansInference.Storage.Sql;

namespace UnitTests.Storage;

/// <summary>No statement of a store reads a whole table of the embedded database: the log and the outbox grow to millions of rows.</summary>
public sealed partial class SqlPlanTests
{
    [Theory]
    [InlineData(typeof(OutboxSql))]
    [InlineData(typeof(SqlErasure))]
    [InlineData(typeof(SqlGrainStorage))]
    [InlineData(typeof(SqlOutcomes))]
    [InlineData(typeof(SqlPredictionLog))]
    [InlineData(typeof(SqlRetention))]
    public async Task Statements_OfAStore_GoThroughAnIndex(Type store)
    {
        await using var storage = await new StorageBuilder().StartAsync();

        var plans = Statements(store).Select(statement => (statement.Name, Steps: storage.Explain(statement.Sql))).ToArray();

        Assert.NotEmpty(plans);
        Assert.All(plans, plan => Assert.DoesNotContain(plan.Steps, step => WholeTable().IsMatch(step)));
    }

    [Fact]
    public async Task DeleteMessages_Plan_BeginsWithWhatWasSettledFirst()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        var (_, sql) = Assert.Single(Statements(typeof(SqlRetention)), statement => statement.Name == "DeleteMessages");

        Assert.Contains(storage.Explain(sql), step => step.Contains("outbox_settled (settled_at<?)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(SqlPredictionLog), "SelectRange", "INDEX predictions_by_model (model=? AND (created_at,id)>(?,?) AND created_at<?)")]
    [InlineData(typeof(SqlPredictionLog), "CountRange", "COVERING INDEX predictions_by_model (model=? AND (created_at,id)>(?,?) AND created_at<?)")]
    [InlineData(typeof(SqlPredictionLog), "SkipRange", "COVERING INDEX predictions_by_model (model=? AND (created_at,id)>(?,?) AND created_at<?)")]
    [InlineData(typeof(SqlRetention), "PageEnd", "COVERING INDEX predictions_by_model (model=? AND (created_at,id)>(?,?) AND created_at<?)")]
    [InlineData(typeof(SqlRetention), "DeletePredictions", "INDEX predictions_by_model (model=? AND (created_at,id)>(?,?) AND (created_at,id)<(?,?))")]
    public async Task RangeOfAModel_Plan_IsThatPartOfTheIndexAlone(Type store, string name, string access)
    {
        await using var storage = await new StorageBuilder().StartAsync();

        var steps = storage.Explain(Assert.Single(Statements(store), statement => statement.Name == name).Sql);

        Assert.Contains(steps, step => step.EndsWith($"SEARCH predictions USING {access}", StringComparison.Ordinal));
        Assert.DoesNotContain(steps, step => step.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    // What another constant begins with is a part of it.
    private static IEnumerable<(string Name, string Sql)> Statements(Type store)
    {
        var texts = store.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(field => field.FieldType == typeof(string))
            .Select(field => (field.Name, Sql: (string)field.GetValue(null)!))
            .ToArray();
        return texts.Where(text => Statement().IsMatch(text.Sql) && !texts.Any(other => other.Sql.Length > text.Sql.Length && other.Sql.StartsWith(text.Sql, StringComparison.Ordinal)));
    }

    [GeneratedRegex("^(SELECT|INSERT|UPDATE|DELETE|WITH) ")]
    private static partial Regex Statement();

    // The other two are what a statement has made itself.
    [GeneratedRegex("^SCAN (?!waiting$|counted$)[a-z_]+$")]
    private static partial Regex WholeTable();
}

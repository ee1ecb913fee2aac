using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Each view's own database.</summary>
internal sealed class FeatureDatabases(SqliteFeatureDatabase sqlite, PostgreSqlFeatureDatabase postgreSql) : IFeatureDatabase
{
    public Task<IReadOnlyDictionary<string, StoredRow>> QueryAsync(FeatureView view, IReadOnlyList<string> userIds) => Of(view).QueryAsync(view, userIds);

    public Task CheckAsync(FeatureView view) => Of(view).CheckAsync(view);

    private IFeatureDatabase Of(FeatureView view) => view.Options.Provider is FeatureDatabaseProvider.PostgreSql ? postgreSql : sqlite;
}

using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Each view's own history.</summary>
internal sealed class EventHistories(SqliteEventHistory sqlite, PostgreSqlEventHistory postgreSql) : IEventHistory
{
    public Task<IReadOnlyList<WindowEvent>> ReadAsync(WindowView view, string userId, DateTimeOffset since, DateTimeOffset until)
    {
        IEventHistory history = view.Options.History!.Provider is FeatureDatabaseProvider.PostgreSql ? postgreSql : sqlite;
        return history.ReadAsync(view, userId, since, until);
    }
}

using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansInference.Storage.Sql;

/// <summary>What a store writes. Its own failure is its caller's alone: the rest of the commit goes on.</summary>
internal sealed class StoreWrite<T>(Func<SqlSession, ValueTask<T>> write) : SqliteWrite<(T? Answer, Exception? Fault)>
{
    protected override (T? Answer, Exception? Fault) Apply(WriterConnection connection)
    {
        connection.Execute("SAVEPOINT store");
        try
        {
            var answer = connection.Run(write);
            connection.Execute("RELEASE store");
            return (answer, null);
        }
        catch (Exception e) when (e is not SqliteException { SqliteErrorCode: not raw.SQLITE_CONSTRAINT })
        {
            connection.Execute("ROLLBACK TO store; RELEASE store");
            return (default, e);
        }
    }
}

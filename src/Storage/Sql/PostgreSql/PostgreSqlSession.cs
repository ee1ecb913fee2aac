using System.Data.Common;
using Npgsql;

namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>A connection to PostgreSQL, which prepares by itself what is asked often.</summary>
internal sealed class PostgreSqlSession(NpgsqlConnection connection) : SqlSession
{
    public override string SkipLocked => "FOR UPDATE SKIP LOCKED";

    public override object ToStored(Guid id) => id;

    protected override DbCommand Command(string sql) => new NpgsqlCommand(sql, connection);
}

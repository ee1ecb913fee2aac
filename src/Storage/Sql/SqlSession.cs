using System.Data.Common;

namespace OrleansInference.Storage.Sql;

/// <summary>A connection for the time of one read or transaction.</summary>
internal abstract class SqlSession
{
    /// <summary>What follows a SELECT inside a claim, so that two claimants pass each other; empty where only one can write.</summary>
    public abstract string SkipLocked { get; }

    /// <summary>A statement, prepared at its first use where the database gains by it.</summary>
    public SqlStatement Statement(string sql) => new(Command(sql), this);

    /// <summary>An id as this database stores it.</summary>
    public abstract object ToStored(Guid id);

    protected abstract DbCommand Command(string sql);
}

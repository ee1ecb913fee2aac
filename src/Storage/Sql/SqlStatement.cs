using System.Data;
using System.Data.Common;

namespace OrleansInference.Storage.Sql;

/// <summary>A statement and its parameters, <c>@name</c> in the text.</summary>
internal readonly struct SqlStatement(DbCommand command, SqlSession session)
{
    public SqlStatement Set(string name, long? value) => Set(name, value, DbType.Int64);

    public SqlStatement Set(string name, int value) => Set(name, value, DbType.Int32);

    public SqlStatement Set(string name, double? value) => Set(name, value, DbType.Double);

    public SqlStatement Set(string name, string? value) => Set(name, value, DbType.String);

    public SqlStatement Set(string name, byte[]? value) => Set(name, value, DbType.Binary);

    public SqlStatement Set(string name, DateTimeOffset? value) => Set(name, value?.ToUnixTimeMilliseconds(), DbType.Int64);

    public SqlStatement Set(string name, Guid id) => session.ToStored(id) switch
    {
        byte[] blob => Set(name, blob, DbType.Binary),
        var stored => Set(name, stored, DbType.Guid),
    };

    /// <summary>How many rows were changed.</summary>
    public async ValueTask<int> ExecuteAsync() => await command.ExecuteNonQueryAsync();

    /// <summary>Every row.</summary>
    public async ValueTask<List<T>> ReadAllAsync<T>(Func<SqlRow, T> read)
    {
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(new SqlRow(reader)));
        return rows;
    }

    /// <summary>The first row; <paramref name="none"/> where there is none.</summary>
    public async ValueTask<T> ReadFirstAsync<T>(Func<SqlRow, T> read, T none)
    {
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? read(new SqlRow(reader)) : none;
    }

    private SqlStatement Set(string name, object? value, DbType type)
    {
        var parameter = Parameter(name);
        parameter.DbType = type;
        parameter.Value = value ?? DBNull.Value;
        return this;
    }

    private DbParameter Parameter(string name)
    {
        var index = command.Parameters.IndexOf(name);
        if (index >= 0) return command.Parameters[index];

        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        command.Parameters.Add(parameter);
        return parameter;
    }
}

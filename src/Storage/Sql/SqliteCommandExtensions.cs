using Microsoft.Data.Sqlite;

namespace OrleansInference.Storage.Sql;

/// <summary>Parameters of statements that are used again and again.</summary>
internal static class SqliteCommandExtensions
{
    /// <summary>Sets a parameter, adding it at its first use.</summary>
    public static void Set(this SqliteCommand command, string name, object? value)
    {
        var index = command.Parameters.IndexOf(name);
        if (index < 0) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        else command.Parameters[index].Value = value ?? DBNull.Value;
    }
}

using System.Data.Common;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Finds columns by their exact names; the drivers' own search takes other cases too, and throws.</summary>
internal static class ColumnNames
{
    /// <summary>The column's place; null where there is none.</summary>
    public static int? FindColumn(this DbDataReader rows, string column)
    {
        for (var i = 0; i < rows.FieldCount; i++)
        {
            if (rows.GetName(i) == column) return i;
        }

        return null;
    }
}

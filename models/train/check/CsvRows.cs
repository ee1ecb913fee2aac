using System.Globalization;
using Sylvan.Data.Csv;

namespace OrleansInference.ModelCheck;

/// <summary>Rows of floats with named columns, row by row in one array.</summary>
internal sealed class CsvRows(string[] names, float[] values)
{
    public int Width => names.Length;

    public int Count => values.Length / names.Length;

    public static CsvRows Read(string path)
    {
        if (!File.Exists(path))
            throw new InvalidDataException($"There is no file '{path}'.");
        using var reader = CsvDataReader.Create(path);
        var names = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToArray();
        var values = new List<float>();
        while (reader.Read())
        {
            for (var column = 0; column < names.Length; column++)
                values.Add(reader.GetFloat(column));
        }

        return values.Count > 0 ? new CsvRows(names, [.. values]) : throw new InvalidDataException($"'{path}' has no rows.");
    }

    /// <summary>Appends the rows, with the header when the file is still empty. "R" keeps every bit of a float.</summary>
    public static void Write(StreamWriter writer, CsvRows rows)
    {
        if (writer.BaseStream.Position == 0)
        {
            writer.WriteLine(string.Join(',', rows.Names));
            writer.Flush();
        }

        for (var row = 0; row < rows.Count; row++)
            writer.WriteLine(string.Join(',', rows.Row(row).Select(value => value.ToString("R", CultureInfo.InvariantCulture))));
    }

    /// <summary>At most <paramref name="count"/> rows from <paramref name="first"/> on.</summary>
    public CsvRows Slice(int first, int count)
    {
        var end = Math.Min(first + count, Count);
        return new CsvRows(names, values[(first * Width)..(end * Width)]);
    }

    /// <summary>A block of neighbouring columns of every row, as one tensor.</summary>
    public float[] Columns(int first, int width)
    {
        if (width == Width)
            return values;
        return [.. Enumerable.Range(0, Count * width).Select(at => values[(at / width * Width) + first + (at % width)])];
    }

    private string[] Names => names;

    private IEnumerable<float> Row(int row) => values.Skip(row * Width).Take(Width);
}

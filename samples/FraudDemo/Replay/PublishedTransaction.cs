using System.IO.Compression;
using Sylvan.Data.Csv;

namespace FraudDemo.Replay;

/// <summary>A transaction of the published data set, with the features that were published for it.</summary>
/// <param name="Row">Its place in the file, from 0; names it to the server, so that it is predicted once however often it is sent.</param>
/// <param name="UserId">The customer.</param>
/// <param name="At">Unix seconds.</param>
/// <param name="Amount">The amount.</param>
/// <param name="Windows">The published features, in the order of <see cref="WindowNames"/>.</param>
internal sealed record PublishedTransaction(int Row, string UserId, long At, double Amount, double[] Windows)
{
    /// <summary>The features of the view, in the order of the file's columns.</summary>
    public static readonly IReadOnlyList<string> WindowNames = ["count_1d", "mean_1d", "count_7d", "mean_7d", "count_30d", "mean_30d"];

    private const string FirstWindow = "customer_id_nb_tx_1day_window";

    private static readonly DateTimeOffset Start = new(2018, 4, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads <c>user_windows.csv.gz</c>, which is in the order of time.</summary>
    /// <exception cref="InvalidDataException">It is not that file.</exception>
    public static List<PublishedTransaction> ReadAll(string file, int most)
    {
        try
        {
            using var text = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
            using var csv = CsvDataReader.Create(text);
            var rows = new List<PublishedTransaction>();
            while (rows.Count < most && csv.Read()) rows.Add(Read(csv, rows.Count));
            return rows;
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException or ArgumentException or InvalidDataException)
        {
            throw new InvalidDataException($"{file} is not user_windows.csv.gz: {e.Message}", e);
        }
    }

    private static PublishedTransaction Read(CsvDataReader csv, int row) => new(
        row,
        csv.GetString(csv.GetOrdinal("user_id")),
        Start.AddSeconds(csv.GetInt64(csv.GetOrdinal("tx_time_seconds"))).ToUnixTimeSeconds(),
        csv.GetDouble(csv.GetOrdinal("tx_amount")),
        [.. Enumerable.Range(csv.GetOrdinal(FirstWindow), WindowNames.Count).Select(csv.GetDouble)]);
}
